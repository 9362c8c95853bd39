//! What the gateway promises about single requests: whose limit they count against, which headers
//! go on, and how refusals read.
#![allow(
    clippy::indexing_slicing,
    reason = "a test may fail by panicking, and reading a serde_json value by name answers null"
)]

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dev_stack::directory::{ADMIN, EDITOR, NOTIFICATION, TASK_API};
use dev_stack::{Answer, EnvoyFiles, Service, Stack, Variation};
use serde_json::{Value, json};

const APP: &str = "http://localhost:3000";

async fn notifications(stack: &Stack, token: &str) -> anyhow::Result<String> {
    let url = format!("{}/notification/notifications", stack.gateway());
    Ok(Answer::to(stack.http().get(url).bearer_auth(token))
        .await?
        .verdict())
}

/// The token with other claims, which its signature does not cover.
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
async fn defect_3_forged_tokens_neither_spend_anothers_limit_nor_get_round_ones_own()
-> anyhow::Result<()> {
    let few = |text: &str| text.replace("requests: 100, per: 60s", "requests: 5, per: 1h");
    let stack = Stack::start_varied(Variation::default().policies(few)).await?;
    let issuer = stack.identity_provider();
    let victim = issuer
        .user_token(ADMIN, NOTIFICATION, "Notify.Send")
        .await?;
    let attacker = issuer
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    // The victim's own claims over and over, never signed for.
    let in_their_name = forged(&victim, |claims| claims["attempt"] = json!(1))?;
    for _ in 0..20 {
        assert_eq!(
            notifications(&stack, &in_their_name).await?,
            "401 signature_invalid"
        );
    }
    for expected in ["200", "200", "200", "200", "200", "429 rate_limited"] {
        assert_eq!(notifications(&stack, &victim).await?, expected);
    }
    for expected in ["200", "200", "200", "200", "200", "429 rate_limited"] {
        assert_eq!(notifications(&stack, &attacker).await?, expected);
    }
    // Another subject, or another token of the same caller, is no way out.
    let renamed = forged(&attacker, |claims| claims["sub"] = json!("somebody-else"))?;
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
async fn a_token_goes_on_only_where_the_policy_says_so() -> anyhow::Result<()> {
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
        assert_eq!(answer.verdict(), "200");
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

/// Whoever made the refusal, a page of the app can read it and quote its request's id.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_gateway_gate_and_service_read_alike_to_a_browser() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let (http, gateway) = (stack.http(), stack.gateway());
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

/// An upgrade is refused before it reaches anybody, unless its route asks for it; then it is judged
/// like every other request.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_passes_only_where_a_route_asks_for_it() -> anyhow::Result<()> {
    let stack = Stack::start_varied(Variation::default().envoy(with_upgrade)).await?;
    let issuer = stack.identity_provider();
    let (tasks, notifications) = (
        issuer
            .user_token(EDITOR, TASK_API, "access_as_user")
            .await?,
        issuer
            .user_token(EDITOR, NOTIFICATION, "Notify.Send")
            .await?,
    );
    for (path, token, reaches, refusal) in [
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
            answer.verdict()
        );
        assert_eq!(
            answer.body["reason"].as_str().unwrap_or_default(),
            refusal,
            "{path}"
        );
        assert!(!seen.contains("spoofed"), "{seen}");
    }
    stack.stop().await
}
