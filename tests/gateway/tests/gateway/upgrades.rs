//! Upgrades of a connection, such as to WebSocket.
#![allow(
    clippy::indexing_slicing,
    reason = "a test may fail by panicking, and a missing name in a serde_json value gives null"
)]

use anyhow::Context;
use dev_stack::directory::{EDITOR, NOTIFICATION, TASK_API};
use dev_stack::{Answer, EnvoyFiles, Stack, StackOptions};
use serde_json::{Value, json};

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
    struct Case<'a> {
        name: &'static str,
        path: &'static str,
        token: Option<&'a String>,
        reaches: bool,
        reason: &'static str,
    }

    let stack = Stack::start_with(StackOptions::default().envoy(with_upgrade)).await?;
    let issuer = stack.identity_provider();
    let tasks = issuer
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    let notifications = issuer
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    for Case {
        name,
        path,
        token,
        reaches,
        reason,
    } in [
        Case {
            name: "route without upgrades",
            path: "/api/me",
            token: Some(&tasks),
            reaches: false,
            reason: "upgrade_refused",
        },
        Case {
            name: "no token",
            path: "/notification/notifications",
            token: None,
            reaches: false,
            reason: "token_missing",
        },
        Case {
            name: "token for another API",
            path: "/notification/notifications",
            token: Some(&tasks),
            reaches: false,
            reason: "audience_not_allowed",
        },
        Case {
            name: "allowed",
            path: "/notification/notifications",
            token: Some(&notifications),
            reaches: true,
            reason: "",
        },
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
            "{name}: {}\n{seen}",
            answer.outcome()
        );
        assert_eq!(
            answer.body["reason"].as_str().unwrap_or_default(),
            reason,
            "{name}"
        );
        assert!(!seen.contains("spoofed"), "{name}: {seen}");
    }
    stack.stop().await
}
