//! Identity headers of a client: no byte of them may reach a service on any route.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use super::{ROUTES, Row, Rows};
use crate::{ServiceTokens, Stack};

/// A string in no name, path or token of the development stack. If a service gets it, it came from
/// the client.
const CANARY: &str = "spoofed-by-client";

/// Header lines with the canary.
struct Spoof {
    name: &'static str,
    lines: &'static str,
}

const SPOOFS: [Spoof; 8] = [
    Spoof {
        name: "X-User-OID",
        lines: "X-User-OID: spoofed-by-client",
    },
    Spoof {
        name: "x-user-roles: Admin",
        lines: "x-user-roles: Admin\r\nx-user-name: spoofed-by-client",
    },
    Spoof {
        name: "X-User-OID twice",
        lines: "X-User-OID: spoofed-by-client\r\nx-user-oid: spoofed-by-client",
    },
    Spoof {
        name: "a list of tenants",
        lines: "X-Tenant-ID: spoofed-by-client, spoofed-by-client",
    },
    Spoof {
        name: "an e-mail address, which no application has",
        lines: "X-USER-EMAIL: spoofed-by-client",
    },
    Spoof {
        name: "X-User-Department, which the authz server does not know",
        lines: "X-User-Department: spoofed-by-client",
    },
    Spoof {
        name: "an assertion",
        lines: "X-Portcullis-Assertion: spoofed-by-client",
    },
    Spoof {
        name: "a header that Connection nominates",
        lines: "Connection: X-User-OID\r\nX-User-OID: spoofed-by-client",
    },
];

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    let mut rows = Rows::default();
    let tokens = ServiceTokens::request(stack.identity_provider()).await?;
    for Spoof { name, lines } in SPOOFS {
        stack.forget_upstream_bytes();
        let mut statuses = Vec::new();
        for (method, path) in ROUTES.into_iter().chain([
            ("GET", "/health"),
            ("GET", "/nowhere"),
            ("OPTIONS", "/api/tasks"),
        ]) {
            statuses.push(send(stack, method, path, &tokens, lines).await?);
        }
        rows.add(
            format!("{name}, on every route"),
            counts(6, 0),
            found(stack, &statuses),
        );
    }
    stack.forget_upstream_bytes();
    let mut statuses = Vec::new();
    for (method, path) in ROUTES {
        statuses.push(
            send(
                stack,
                method,
                path,
                &tokens,
                "X_User_OID: spoofed-by-client",
            )
            .await?,
        );
    }
    rows.add(
        "X_User_OID, on every route",
        format!("400 only, {}", counts(0, 0)),
        {
            let only_400 = if statuses.iter().all(|status| *status == 400) {
                "400 only"
            } else {
                "not only 400"
            };
            format!("{only_400}, {}", found(stack, &statuses))
        },
    );
    Ok(rows.done())
}

/// The numbers of requests and canaries that reached services. The requests are counted so that
/// "0 canaries" cannot mean "no request".
fn counts(requests: usize, canaries: usize) -> String {
    format!("{requests} requests reach services, {canaries} spoofed values")
}

fn found(stack: &Stack, statuses: &[u16]) -> String {
    let seen: Vec<String> = stack
        .upstream_bytes()
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect();
    let requests = seen
        .iter()
        .map(|bytes| bytes.matches(" http/1.1\r\n").count())
        .sum();
    let canaries = seen.iter().map(|bytes| bytes.matches(CANARY).count()).sum();
    if statuses.contains(&0) {
        "a request without an answer".to_owned()
    } else {
        counts(requests, canaries)
    }
}

/// Sends the lines unchanged, because a client library would normalize them. Returns the status,
/// or 0 for no response.
async fn send(
    stack: &Stack,
    method: &str,
    path: &str,
    tokens: &ServiceTokens,
    lines: &str,
) -> anyhow::Result<u16> {
    let mut connection = TcpStream::connect(stack.gateway_address()).await?;
    let body = if method == "POST" {
        r#"{"event":"e","task_title":"t"}"#
    } else {
        ""
    };
    let preflight = if method == "OPTIONS" {
        "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: GET\r\n"
    } else {
        ""
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\
         {preflight}{lines}\r\n\r\n{body}",
        tokens.opening(path),
        body.len(),
    );
    connection.write_all(request.as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let length = timeout(Duration::from_secs(20), connection.read(&mut answer)).await??;
    let answer = String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned();
    Ok(answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_default())
}
