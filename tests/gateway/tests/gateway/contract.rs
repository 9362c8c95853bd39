//! Promises of the gateway about rate limits, forwarded headers and problems.
#![allow(
    clippy::indexing_slicing,
    reason = "a test may fail by panicking, and a missing name in a serde_json value gives null"
)]

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dev_stack::directory::{ADMIN, EDITOR, NOTIFICATION, TASK_API};
use dev_stack::{Answer, Service, Stack, StackOptions};
use serde_json::{Value, json};

const APP: &str = "http://localhost:3000";

async fn notifications(stack: &Stack, token: &str) -> anyhow::Result<String> {
    let url = format!("{}/notification/notifications", stack.gateway());
    Ok(Answer::to(stack.http().get(url).bearer_auth(token))
        .await?
        .outcome())
}

/// Returns the token with changed claims and the old signature.
fn forged(token: &str, change: impl FnOnce(&mut Value)) -> anyhow::Result<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        anyhow::bail!("a token has three parts")
    };
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    change(&mut claims);
    Ok(format!(
        "{header}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(claims.to_string())
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_tokens_neither_use_nor_evade_a_rate_limit() -> anyhow::Result<()> {
    let few = |text: &str| text.replace("requests: 100, per: 60s", "requests: 5, per: 1h");
    let stack = Stack::start_with(StackOptions::default().policies(few)).await?;
    let issuer = stack.identity_provider();
    let victim = issuer
        .user_token(ADMIN, NOTIFICATION, "Notify.Send")
        .await?;
    let attacker = issuer
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    // The claims of the victim, changed so that the signature is invalid.
    let forged_victim = forged(&victim, |claims| claims["attempt"] = json!(1))?;
    for _ in 0..20 {
        assert_eq!(
            notifications(&stack, &forged_victim).await?,
            "401 signature_invalid"
        );
    }
    for expected in ["200", "200", "200", "200", "200", "429 rate_limited"] {
        assert_eq!(
            notifications(&stack, &victim).await?,
            expected,
            "the victim"
        );
    }
    for expected in ["200", "200", "200", "200", "200", "429 rate_limited"] {
        assert_eq!(
            notifications(&stack, &attacker).await?,
            expected,
            "the attacker"
        );
    }
    // Another subject or another token does not evade the caller's limit.
    let renamed = forged(&attacker, |claims| claims["sub"] = json!("another-subject"))?;
    assert_eq!(
        notifications(&stack, &renamed).await?,
        "401 signature_invalid"
    );
    let another = issuer
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    assert_ne!(another, attacker);
    assert_eq!(notifications(&stack, &another).await?, "429 rate_limited");
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn token_is_forwarded_only_if_the_policy_says_so() -> anyhow::Result<()> {
    struct Case {
        name: &'static str,
        service: Service,
        path: &'static str,
        token: String,
        forwarded: bool,
    }

    let stack = Stack::start_apart().await?;
    let issuer = stack.identity_provider();
    for Case {
        name,
        service,
        path,
        token,
        forwarded,
    } in [
        Case {
            name: "policy that forwards",
            service: Service::TaskApi,
            path: "/api/me",
            token: issuer
                .user_token(EDITOR, TASK_API, "access_as_user")
                .await?,
            forwarded: true,
        },
        Case {
            name: "policy that removes",
            service: Service::Notification,
            path: "/notification/notifications",
            token: issuer
                .user_token(EDITOR, NOTIFICATION, "Notify.Send")
                .await?,
            forwarded: false,
        },
    ] {
        stack.forget_upstream_bytes();
        let answer = Answer::to(
            stack
                .http()
                .get(format!("{}{path}", stack.gateway()))
                .bearer_auth(&token),
        )
        .await?;
        assert_eq!(answer.outcome(), "200", "{name}");
        let seen = stack
            .upstream_bytes()
            .into_iter()
            .find(|(name, _)| *name == service);
        let (_, seen) = seen.context("a service has a tap")?;
        assert_eq!(
            seen.matches("\r\nauthorization:").count(),
            usize::from(forwarded),
            "{name}: {seen}"
        );
        assert_eq!(
            seen.contains(&token.to_lowercase()),
            forwarded,
            "{name}: {seen}"
        );
        assert_eq!(
            seen.matches("\r\nx-portcullis-assertion:").count(),
            1,
            "{name}: {seen}"
        );
    }
    stack.stop().await
}

/// A page of the app can read every problem and its request id, whichever program wrote it.
#[tokio::test(flavor = "multi_thread")]
async fn problems_of_all_programs_are_readable_to_a_browser() -> anyhow::Result<()> {
    struct Case {
        name: &'static str,
        request: reqwest::RequestBuilder,
        status: u16,
    }

    let stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let http = stack.http();
    let gateway = stack.gateway();
    let tasks = || {
        http.post(format!("{gateway}/api/tasks"))
            .bearer_auth(&token)
    };
    for Case {
        name,
        request,
        status,
    } in [
        Case {
            name: "no route",
            request: http.get(format!("{gateway}/nowhere")),
            status: 404,
        },
        Case {
            name: "no token",
            request: http.get(format!("{gateway}/api/me")),
            status: 401,
        },
        Case {
            name: "not for users",
            request: http
                .get(format!("{gateway}/auditing/audit"))
                .bearer_auth(&token),
            status: 401,
        },
        Case {
            name: "too large for the service",
            request: tasks().json(&json!({ "title": "x".repeat(64 * 1024) })),
            status: 413,
        },
        Case {
            name: "no JSON",
            request: tasks().header("content-type", "application/json").body("{"),
            status: 400,
        },
        Case {
            name: "no such task",
            request: http
                .patch(format!("{gateway}/api/tasks/999"))
                .bearer_auth(&token)
                .json(&json!({})),
            status: 404,
        },
    ] {
        let response = request.header("origin", APP).send().await.context(name)?;
        assert_eq!(response.status().as_u16(), status, "{name}");
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        assert_eq!(
            header("access-control-allow-origin").as_deref(),
            Some(APP),
            "{name}"
        );
        assert_eq!(
            header("content-type").as_deref(),
            Some("application/problem+json"),
            "{name}"
        );
        let id = header("x-request-id");
        let body: Value = response.json().await?;
        assert_eq!(
            (body["status"].as_u64(), body["request_id"].as_str()),
            (Some(status.into()), id.as_deref()),
            "{name}"
        );
        assert!(id.is_some() && body["reason"].is_string(), "{name}: {body}");
    }
    stack.stop().await
}
