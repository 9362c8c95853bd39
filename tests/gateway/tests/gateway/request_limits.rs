//! Requests at and beyond each request limit.
//!
//! A request at its limit passes. A request beyond it is denied, with the same reason code for the
//! client, in Envoy's access log and in the authz server's decision record.
#![allow(
    clippy::unwrap_used,
    reason = "a test and its helpers may fail by panicking"
)]

use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{EDITOR, TASK_API};
use dev_stack::{Answer, Service, Stack, StackOptions, without_rate_limits};
use reqwest::Client;
use serde_json::Value;
use tokio::time::{Instant, sleep};

const PATH: &str = "/api/me";
/// Fields that the client library adds: `accept: */*` and `authorization`.
const OF_CLIENT: usize = 2;
const KIB: usize = 1024;

/// The size of a request: header fields, bytes of all fields, and bytes of the path.
#[derive(Clone, Copy)]
struct Shape {
    headers: usize,
    bytes: usize,
    path: usize,
}

const SMALL: Shape = Shape {
    headers: OF_CLIENT,
    bytes: 0,
    path: PATH.len(),
};

/// Cases with their shapes, and the expected status and reason code.
const CASES: [(&str, Shape, &str); 14] = [
    ("usual", SMALL, "200"),
    (
        "52 headers",
        Shape {
            headers: 52,
            ..SMALL
        },
        "200",
    ),
    (
        "64 headers",
        Shape {
            headers: 64,
            ..SMALL
        },
        "200",
    ),
    (
        "65 headers",
        Shape {
            headers: 65,
            ..SMALL
        },
        "431 headers_too_large",
    ),
    (
        "80 headers",
        Shape {
            headers: 80,
            ..SMALL
        },
        "431 headers_too_large",
    ),
    (
        "cookie of 31 kB",
        Shape {
            headers: OF_CLIENT + 1,
            bytes: 32 * KIB - 100,
            ..SMALL
        },
        "200",
    ),
    (
        "32 KiB",
        Shape {
            headers: OF_CLIENT + 1,
            bytes: 32 * KIB,
            ..SMALL
        },
        "200",
    ),
    (
        "32 KiB and a byte",
        Shape {
            headers: OF_CLIENT + 1,
            bytes: 32 * KIB + 1,
            ..SMALL
        },
        "431 headers_too_large",
    ),
    (
        "60 KiB",
        Shape {
            headers: OF_CLIENT + 1,
            bytes: 60 * KIB,
            ..SMALL
        },
        "431 headers_too_large",
    ),
    (
        "path of 8 KiB",
        Shape {
            path: 8 * KIB,
            ..SMALL
        },
        "200",
    ),
    (
        "path of 8 KiB and a byte",
        Shape {
            path: 8 * KIB + 1,
            ..SMALL
        },
        "414 uri_too_long",
    ),
    (
        "query of 13 kB",
        Shape {
            path: 13_000,
            ..SMALL
        },
        "414 uri_too_long",
    ),
    (
        "all at their limits",
        Shape {
            headers: 64,
            bytes: 32 * KIB,
            path: 8 * KIB,
        },
        "200",
    ),
    (
        "all beyond",
        Shape {
            headers: 65,
            bytes: 32 * KIB + 1,
            path: 8 * KIB + 1,
        },
        "414 uri_too_long",
    ),
];

fn clients() -> anyhow::Result<[(&'static str, Client); 2]> {
    let client = || Client::builder().no_proxy();
    Ok([
        ("HTTP/1.1", client().http1_only().build()?),
        ("HTTP/2", client().http2_prior_knowledge().build()?),
    ])
}

async fn start() -> anyhow::Result<Stack> {
    Stack::start_with(StackOptions::default().policies(without_rate_limits)).await
}

async fn send(stack: &Stack, client: &Client, token: &str, shape: Shape) -> anyhow::Result<Answer> {
    let query = shape.path.saturating_sub(PATH.len());
    let query = if query == 0 {
        String::new()
    } else {
        format!("?{}", "q".repeat(query - 1))
    };
    let path = format!("{PATH}{query}");
    let mut request = client
        .get(format!("{}{path}", stack.gateway()))
        .bearer_auth(token);
    let fillers: Vec<String> = (OF_CLIENT..shape.headers)
        .map(|number| format!("x-f{number:02}"))
        .collect();
    let authority = stack.gateway_address().to_string();
    // Envoy counts names and values, without the scheme of HTTP/2.
    let usual = [
        (":authority", authority.as_str()),
        (":method", "GET"),
        (":path", &path),
        ("accept", "*/*"),
    ];
    let usual: usize = usual
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    let authorization = "authorization".len() + "Bearer ".len() + token.len();
    let names: usize = fillers.iter().map(String::len).sum();
    let mut filling = shape.bytes.saturating_sub(usual + authorization + names);
    ensure!(
        shape.bytes == 0 || !fillers.is_empty(),
        "a shape with bytes needs a header to fill"
    );
    for name in fillers {
        request = request.header(name, "v".repeat(std::mem::take(&mut filling)));
    }
    Answer::to(request).await
}

/// Returns the JSON lines of Envoy's access log and of the authz server's log.
fn logs(stack: &Stack) -> anyhow::Result<[Vec<Value>; 2]> {
    let mut found = [Vec::new(), Vec::new()];
    let [of_envoy, of_authz] = &mut found;
    for entry in std::fs::read_dir(stack.state())? {
        let file = entry?.path();
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let log = match name.as_str() {
            "envoy.log" => &mut *of_envoy,
            name if name.starts_with("portcullis") => &mut *of_authz,
            _ => continue,
        };
        let text = std::fs::read_to_string(&file)?;
        log.extend(
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok()),
        );
    }
    Ok(found)
}

/// Returns two fields of a request's line in a log, or `None` if the log has no such line.
fn logged_fields(log: &[Value], request_id: &str, names: [&str; 2]) -> Option<[String; 2]> {
    let fields = |line: &Value| line.get("fields").unwrap_or(line).clone();
    let mut lines = log.iter().map(fields);
    let line = lines.find(|line| line.get("request_id").is_some_and(|id| id == request_id))?;
    Some(names.map(|name| match line.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }))
}

/// Asserts that both logs have the outcome and reason code of each answer.
///
/// Envoy writes its log every ten seconds.
async fn assert_logged(stack: &Stack, answers: &[(String, Answer)]) -> anyhow::Result<()> {
    let started = Instant::now();
    for (case, answer) in answers {
        let outcome = answer.outcome();
        let (status, reason) = outcome.split_once(' ').unwrap_or((&outcome, ""));
        let outcome = if reason.is_empty() { "allow" } else { "deny" };
        let id = answer.header("x-request-id");
        let (envoy, authz) = loop {
            let [envoy, authz] = logs(stack)?;
            let found = (
                logged_fields(&envoy, id, ["status", "reason"]),
                logged_fields(&authz, id, ["outcome", "reason"]),
            );
            if let (Some(envoy), Some(authz)) = found {
                break (envoy, authz);
            }
            ensure!(
                started.elapsed() < Duration::from_secs(40),
                "{case}: not in both logs: {found:?}"
            );
            sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(envoy, [status, reason], "{case}: Envoy's access log");
        assert_eq!(
            authz,
            [outcome, reason],
            "{case}: the authz server's record"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn request_at_a_limit_passes_and_beyond_it_is_denied_with_one_reason() -> anyhow::Result<()> {
    let stack = start().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let mut answers = Vec::new();
    for (version, client) in clients()? {
        for (case, shape, expected) in CASES {
            stack.forget_upstream_bytes();
            let case = format!("{case} over {version}");
            let answer = send(&stack, &client, &token, shape)
                .await
                .context(case.clone())?;
            assert_eq!(answer.outcome(), expected, "{case}: {}", answer.body);
            let reached = stack
                .upstream_bytes()
                .iter()
                .any(|(_, bytes)| !bytes.is_empty());
            assert_eq!(reached, expected == "200", "{case}");
            answers.push((case, answer));
        }
    }
    assert_logged(&stack, &answers).await?;
    stack.stop().await
}

/// Obtains a valid token with one more role, of `length` characters.
async fn token_with_roles(stack: &Stack, length: usize) -> anyhow::Result<String> {
    let issuer = stack.identity_provider();
    let token = issuer
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let change = |_: &mut Value, claims: &mut Value| {
        if let Some(roles) = claims.get_mut("roles").and_then(Value::as_array_mut) {
            roles.push("r".repeat(length).into());
        }
    };
    issuer.resign(&token, change).await
}

#[tokio::test(flavor = "multi_thread")]
async fn largest_identity_passes_with_the_largest_request() -> anyhow::Result<()> {
    let stack = start().await?;
    let widest = Shape {
        headers: 64,
        bytes: 32 * KIB,
        path: PATH.len(),
    };
    let longest = Shape {
        path: 8 * KIB,
        ..widest
    };
    let mut answers = Vec::new();
    for (version, client) in clients()? {
        for (case, roles, shape, expected) in [
            ("the longest header", 8_000, widest, "200"),
            ("a longer header", 8_300, widest, "403 claims_too_large"),
            ("the longest assertion", 3_300, longest, "200"),
            ("a longer assertion", 4_600, longest, "403 claims_too_large"),
        ] {
            stack.forget_upstream_bytes();
            let case = format!("{case} over {version}");
            let token = token_with_roles(&stack, roles).await?;
            let answer = send(&stack, &client, &token, shape)
                .await
                .context(case.clone())?;
            assert_eq!(answer.outcome(), expected, "{case}: {}", answer.body);
            let tasks = |(service, bytes): (Service, String)| {
                (service == Service::TaskApi).then_some(bytes)
            };
            let seen = stack
                .upstream_bytes()
                .into_iter()
                .find_map(tasks)
                .unwrap_or_default();
            assert_eq!(
                seen.len() > 32 * KIB + 15_000,
                expected == "200",
                "{case}: {} bytes",
                seen.len()
            );
            // Only the authz server gets the header with Envoy's counts.
            assert!(!seen.contains("x-gateway-request-size"), "{case}");
            answers.push((case, answer));
        }
    }
    assert_logged(&stack, &answers).await?;
    stack.stop().await
}

/// Envoy denies a request beyond its own limits without an ext_authz check.
#[tokio::test(flavor = "multi_thread")]
async fn request_beyond_the_reserve_is_denied_by_envoy() -> anyhow::Result<()> {
    let stack = start().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    for (version, client) in clients()? {
        for (case, shape) in [
            (
                "97 headers",
                Shape {
                    headers: 97,
                    ..SMALL
                },
            ),
            (
                "65 KiB",
                Shape {
                    headers: OF_CLIENT + 1,
                    bytes: 65 * KIB,
                    ..SMALL
                },
            ),
            (
                "path of 60 KiB",
                Shape {
                    headers: OF_CLIENT + 1,
                    bytes: 65 * KIB,
                    path: 60_000,
                },
            ),
        ] {
            let case = format!("{case} over {version}");
            match send(&stack, &client, &token, shape).await {
                Ok(answer) => {
                    let reason = answer.body.get("reason").and_then(Value::as_str);
                    assert_eq!(
                        (answer.status.as_u16(), reason),
                        (431, Some("headers_too_large")),
                        "{case}"
                    );
                }
                // Envoy's HTTP/2 codec resets the stream.
                Err(error) => assert!(version == "HTTP/2", "{case}: {error:?}"),
            }
        }
    }
    stack.stop().await
}

/// A client cannot set the size of its request.
#[tokio::test(flavor = "multi_thread")]
async fn request_size_from_client_is_ignored() -> anyhow::Result<()> {
    let stack = start().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    for (version, client) in clients()? {
        for stated in ["1 1 ", "999 999999 http", "x"] {
            let url = format!("{}{PATH}", stack.gateway());
            let request = client
                .get(&url)
                .bearer_auth(&token)
                .header("x-gateway-request-size", stated);
            assert_eq!(
                Answer::to(request).await?.outcome(),
                "200",
                "{stated:?} over {version}"
            );
            let mut request = client
                .get(&url)
                .bearer_auth(&token)
                .header("x-gateway-request-size", stated);
            for number in 0..65 {
                request = request.header(format!("x-f{number}"), "v");
            }
            let outcome = Answer::to(request).await?.outcome();
            assert_eq!(
                outcome, "431 headers_too_large",
                "{stated:?} over {version}"
            );
        }
    }
    stack.stop().await
}
