//! Requests at and beyond each request limit.
//!
//! A request at its limit passes. A request beyond it is denied, with the same reason code for the
//! client, in Envoy's access log and in the authz server's decision record.
#![allow(
    clippy::unwrap_used,
    reason = "a test and its helpers may fail by panicking"
)]

use anyhow::Context;
use dev_stack::directory::{EDITOR, TASK_API};
use dev_stack::{Answer, Service, Stack, StackOptions, without_rate_limits};
use reqwest::Client;
use serde_json::Value;

use logs::assert_logged;
use shape::{KIB, OF_CLIENT, PATH, SMALL, Shape, send};

mod logs;
mod shape;

/// A shape, and the expected status and reason code.
struct Case {
    name: &'static str,
    shape: Shape,
    expected: &'static str,
}

const CASES: [Case; 14] = [
    Case {
        name: "usual",
        shape: SMALL,
        expected: "200",
    },
    Case {
        name: "52 headers",
        shape: Shape {
            headers: 52,
            ..SMALL
        },
        expected: "200",
    },
    Case {
        name: "64 headers",
        shape: Shape {
            headers: 64,
            ..SMALL
        },
        expected: "200",
    },
    Case {
        name: "65 headers",
        shape: Shape {
            headers: 65,
            ..SMALL
        },
        expected: "431 headers_too_large",
    },
    Case {
        name: "80 headers",
        shape: Shape {
            headers: 80,
            ..SMALL
        },
        expected: "431 headers_too_large",
    },
    Case {
        name: "cookie of 31 kB",
        shape: Shape {
            headers: OF_CLIENT + 1,
            bytes: 32 * KIB - 100,
            ..SMALL
        },
        expected: "200",
    },
    Case {
        name: "32 KiB",
        shape: Shape {
            headers: OF_CLIENT + 1,
            bytes: 32 * KIB,
            ..SMALL
        },
        expected: "200",
    },
    Case {
        name: "32 KiB and a byte",
        shape: Shape {
            headers: OF_CLIENT + 1,
            bytes: 32 * KIB + 1,
            ..SMALL
        },
        expected: "431 headers_too_large",
    },
    Case {
        name: "60 KiB",
        shape: Shape {
            headers: OF_CLIENT + 1,
            bytes: 60 * KIB,
            ..SMALL
        },
        expected: "431 headers_too_large",
    },
    Case {
        name: "path of 8 KiB",
        shape: Shape {
            path: 8 * KIB,
            ..SMALL
        },
        expected: "200",
    },
    Case {
        name: "path of 8 KiB and a byte",
        shape: Shape {
            path: 8 * KIB + 1,
            ..SMALL
        },
        expected: "414 uri_too_long",
    },
    Case {
        name: "query of 13 kB",
        shape: Shape {
            path: 13_000,
            ..SMALL
        },
        expected: "414 uri_too_long",
    },
    Case {
        name: "all at their limits",
        shape: Shape {
            headers: 64,
            bytes: 32 * KIB,
            path: 8 * KIB,
        },
        expected: "200",
    },
    Case {
        name: "all beyond",
        shape: Shape {
            headers: 65,
            bytes: 32 * KIB + 1,
            path: 8 * KIB + 1,
        },
        expected: "414 uri_too_long",
    },
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

#[tokio::test(flavor = "multi_thread")]
async fn request_at_a_limit_passes_and_beyond_it_is_denied_with_one_reason() -> anyhow::Result<()> {
    let stack = start().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let mut answers = Vec::new();
    for (version, client) in clients()? {
        for Case {
            name,
            shape,
            expected,
        } in CASES
        {
            stack.forget_upstream_bytes();
            let case = format!("{name} over {version}");
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
    struct Case {
        name: &'static str,
        roles: usize,
        shape: Shape,
        expected: &'static str,
    }

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
        for Case {
            name,
            roles,
            shape,
            expected,
        } in [
            Case {
                name: "the longest header",
                roles: 8_000,
                shape: widest,
                expected: "200",
            },
            Case {
                name: "a longer header",
                roles: 8_300,
                shape: widest,
                expected: "403 claims_too_large",
            },
            Case {
                name: "the longest assertion",
                roles: 3_300,
                shape: longest,
                expected: "200",
            },
            Case {
                name: "a longer assertion",
                roles: 4_600,
                shape: longest,
                expected: "403 claims_too_large",
            },
        ] {
            stack.forget_upstream_bytes();
            let name = format!("{name} over {version}");
            let token = token_with_roles(&stack, roles).await?;
            let answer = send(&stack, &client, &token, shape)
                .await
                .context(name.clone())?;
            assert_eq!(answer.outcome(), expected, "{name}: {}", answer.body);
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
                "{name}: {} bytes",
                seen.len()
            );
            // Only the authz server gets the header with Envoy's counts.
            assert!(!seen.contains("x-gateway-request-size"), "{name}");
            answers.push((name, answer));
        }
    }
    assert_logged(&stack, &answers).await?;
    stack.stop().await
}

/// Envoy denies a request beyond its own limits without an ext_authz check.
#[tokio::test(flavor = "multi_thread")]
async fn request_beyond_the_reserve_is_denied_by_envoy() -> anyhow::Result<()> {
    struct Case {
        name: &'static str,
        shape: Shape,
    }

    let stack = start().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    for (version, client) in clients()? {
        for Case { name, shape } in [
            Case {
                name: "97 headers",
                shape: Shape {
                    headers: 97,
                    ..SMALL
                },
            },
            Case {
                name: "65 KiB",
                shape: Shape {
                    headers: OF_CLIENT + 1,
                    bytes: 65 * KIB,
                    ..SMALL
                },
            },
            Case {
                name: "path of 60 KiB",
                shape: Shape {
                    headers: OF_CLIENT + 1,
                    bytes: 65 * KIB,
                    path: 60_000,
                },
            },
        ] {
            let name = format!("{name} over {version}");
            match send(&stack, &client, &token, shape).await {
                Ok(answer) => {
                    let reason = answer.body.get("reason").and_then(Value::as_str);
                    assert_eq!(
                        (answer.status.as_u16(), reason),
                        (431, Some("headers_too_large")),
                        "{name}"
                    );
                }
                // Envoy's HTTP/2 codec resets the stream.
                Err(error) => assert!(version == "HTTP/2", "{name}: {error:?}"),
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
