//! Promises of the gateway about rate limits, forwarded headers, problems and upgrades.
#![allow(
    clippy::indexing_slicing,
    reason = "a test may fail by panicking, and a missing name in a serde_json value gives null"
)]

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dev_stack::directory::{ADMIN, EDITOR, NOTIFICATION, TASK_API};
use dev_stack::{Answer, EnvoyFiles, Service, Stack, StackOptions};
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
        assert_eq!(notifications(&stack, &victim).await?, expected);
    }
    for expected in ["200", "200", "200", "200", "200", "429 rate_limited"] {
        assert_eq!(notifications(&stack, &attacker).await?, expected);
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
    let stack = Stack::start_apart().await?;
    let issuer = stack.identity_provider();
    for (service, path, token, forwarded) in [
        (
            Service::TaskApi,
            "/api/me",
            issuer
                .user_token(EDITOR, TASK_API, "access_as_user")
                .await?,
            true,
        ),
        (
            Service::Notification,
            "/notification/notifications",
            issuer
                .user_token(EDITOR, NOTIFICATION, "Notify.Send")
                .await?,
            false,
        ),
    ] {
        stack.forget_upstream_bytes();
        let answer = Answer::to(
            stack
                .http()
                .get(format!("{}{path}", stack.gateway()))
                .bearer_auth(&token),
        )
        .await?;
        assert_eq!(answer.outcome(), "200");
        let seen = stack
            .upstream_bytes()
            .into_iter()
            .find(|(name, _)| *name == service);
        let (_, seen) = seen.context("a service has a tap")?;
        assert_eq!(
            seen.matches("\r\nauthorization:").count(),
            usize::from(forwarded),
            "{seen}"
        );
        assert_eq!(seen.contains(&token.to_lowercase()), forwarded, "{seen}");
        assert_eq!(
            seen.matches("\r\nx-portcullis-assertion:").count(),
            1,
            "{seen}"
        );
    }
    stack.stop().await
}

/// A page of the app can read every problem and its request id, whichever program wrote it.
#[tokio::test(flavor = "multi_thread")]
async fn problems_of_all_programs_are_readable_to_a_browser() -> anyhow::Result<()> {
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
    for (case, request, status) in [
        ("no route", http.get(format!("{gateway}/nowhere")), 404),
        ("no token", http.get(format!("{gateway}/api/me")), 401),
        (
            "not for users",
            http.get(format!("{gateway}/auditing/audit"))
                .bearer_auth(&token),
            401,
        ),
        (
            "too large for the service",
            tasks().json(&json!({ "title": "x".repeat(64 * 1024) })),
            413,
        ),
        (
            "no JSON",
            tasks().header("content-type", "application/json").body("{"),
            400,
        ),
        (
            "no such task",
            http.patch(format!("{gateway}/api/tasks/999"))
                .bearer_auth(&token)
                .json(&json!({})),
            404,
        ),
    ] {
        let response = request.header("origin", APP).send().await.context(case)?;
        assert_eq!(response.status().as_u16(), status, "{case}");
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
            "{case}"
        );
        assert_eq!(
            header("content-type").as_deref(),
            Some("application/problem+json"),
            "{case}"
        );
        let id = header("x-request-id");
        let body: Value = response.json().await?;
        assert_eq!(
            (body["status"].as_u64(), body["request_id"].as_str()),
            (Some(status.into()), id.as_deref()),
            "{case}"
        );
        assert!(id.is_some() && body["reason"].is_string(), "{case}: {body}");
    }
    stack.stop().await
}

fn with_upgrade(files: &mut EnvoyFiles) -> anyhow::Result<()> {
    let routes = files
        .routes
        .pointer_mut("/resources/0/virtual_hosts/0/routes")
        .and_then(Value::as_array_mut);
    let routes = routes.context("routes.yaml has no routes")?;
    let route = routes
        .iter_mut()
        .find(|route| route["name"] == "notification-notifications");
    route.context("no such route")?["route"]["upgrade_configs"] =
        json!([{"upgrade_type": "websocket"}]);
    Ok(())
}

/// Envoy denies an upgrade unless its route allows it. Then the policy decides as usual.
#[tokio::test(flavor = "multi_thread")]
async fn upgrade_passes_only_if_its_route_allows_it() -> anyhow::Result<()> {
    let stack = Stack::start_with(StackOptions::default().envoy(with_upgrade)).await?;
    let issuer = stack.identity_provider();
    let tasks = issuer
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let notifications = issuer
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    for (path, token, reaches, reason) in [
        ("/api/me", Some(&tasks), false, "upgrade_refused"),
        ("/notification/notifications", None, false, "token_missing"),
        (
            "/notification/notifications",
            Some(&tasks),
            false,
            "audience_not_allowed",
        ),
        (
            "/notification/notifications",
            Some(&notifications),
            true,
            "",
        ),
    ] {
        stack.forget_upstream_bytes();
        let request = stack.http().get(format!("{}{path}", stack.gateway()));
        let request = request
            .header("connection", "upgrade")
            .header("upgrade", "websocket");
        let request = request
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
        let request = token.into_iter().fold(
            request.header("x-user-oid", "spoofed"),
            reqwest::RequestBuilder::bearer_auth,
        );
        let answer = Answer::to(request).await?;
        let seen: String = stack
            .upstream_bytes()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        assert_eq!(
            seen.contains("\r\nupgrade: websocket\r\n"),
            reaches,
            "{path}: {}\n{seen}",
            answer.outcome()
        );
        assert_eq!(
            answer.body["reason"].as_str().unwrap_or_default(),
            reason,
            "{path}"
        );
        assert!(!seen.contains("spoofed"), "{seen}");
    }
    stack.stop().await
}
