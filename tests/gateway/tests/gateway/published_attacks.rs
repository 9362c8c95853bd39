//! Published attacks (CVEs) on gateways, sent to this gateway byte by byte.
//!
//! `docs/cves.md` names the test of each CVE, and the test in `page` checks this page.

mod page;
mod requests;

use anyhow::{Context, ensure};
use dev_stack::Stack;
use dev_stack::directory::{READER, TASK_API};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use requests::{CANARY, PUBLISHED, Published};

/// Sends the bytes and returns the answer's status and reason code.
///
/// It reads until the gateway closes, because every request here has `Connection: close`.
async fn send(stack: &Stack, request: &[u8]) -> anyhow::Result<String> {
    let mut connection = TcpStream::connect(stack.gateway_address()).await?;
    connection.write_all(request).await?;
    let mut answer = Vec::new();
    // A reset after the answer is also an end.
    let _end = timeout(Duration::from_secs(30), connection.read_to_end(&mut answer))
        .await
        .context("no end")?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap_or("closed");
    let reason = answer
        .split("\"reason\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    Ok(reason.map_or(status.to_owned(), |reason| format!("{status} {reason}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn published_attacks_get_their_expected_answers() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    // Of the paths here, a Reader's token is good only for /api/me.
    let token = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    let mut wrong = Vec::new();
    for Published {
        cve,
        request,
        expected,
    } in PUBLISHED
    {
        stack.forget_upstream_bytes();
        let bytes = [request
            .replace("TOKEN", &token)
            .replace("BYTE", "\u{ff}")
            .as_bytes()]
        .concat();
        let found = send(&stack, &bytes).await.context(*cve)?;
        let seen = stack.upstream_bytes();
        if !expected.contains(&found.as_str()) {
            wrong.push(format!("{cve}: {found} instead of {expected:?}\n{request}"));
        }
        for (service, bytes) in seen {
            let passed = !bytes.is_empty() && !found.starts_with("200");
            let second = bytes.matches("\nx-user-oid:").count() > 1;
            let lone_return = bytes.replace("\r\n", "").contains('\r');
            if bytes.contains(CANARY) || passed || second || lone_return {
                wrong.push(format!("{cve}: {service:?} saw {bytes}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    stack.stop().await
}

/// CVE-2026-47205, CVE-2026-50572: clients that hang up while their request is being checked.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_during_a_check_harm_no_other() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    stack.hang_authz(true)?;
    for _ in 0..100 {
        let mut connection = TcpStream::connect(stack.gateway_address()).await?;
        let request = format!(
            "GET /api/me HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await?;
        // Close with a reset.
        connection.set_zero_linger()?;
    }
    stack.hang_authz(false)?;
    let good = format!(
        "GET /api/me HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    let started = tokio::time::Instant::now();
    loop {
        let found = send(&stack, good.as_bytes()).await?;
        if found == "200" {
            break;
        }
        ensure!(
            found.starts_with("503") && started.elapsed() < Duration::from_secs(20),
            "{found}"
        );
    }
    stack.stop().await
}
