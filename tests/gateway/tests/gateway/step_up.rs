//! A claims challenge of Entra (step-up authentication) reaches the browser through the gateway.
//!
//! The task API stores nothing before the user meets it. Then the same request succeeds.

#![allow(
    clippy::indexing_slicing,
    reason = "indexing a serde_json value by a missing name gives null"
)]
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dev_stack::directory::{STEPS_UP, TASK_API};
use dev_stack::{Answer, Stack};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn claims_challenge_reaches_the_browser_before_anything_is_stored() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let issuer = stack.identity_provider();
    let token = issuer
        .user_token(STEPS_UP, TASK_API, "access_as_user")
        .await?;
    let url = format!("{}/api/tasks", stack.gateway());
    let create = |token: &str| {
        stack
            .http()
            .post(&url)
            .bearer_auth(token)
            .json(&json!({"title": "needs more proof"}))
    };

    let challenged = Answer::to(create(&token).header("origin", "http://localhost:3000")).await?;
    assert_eq!(challenged.outcome(), "401 interaction_required");
    assert!(
        challenged
            .header("access-control-expose-headers")
            .contains("www-authenticate"),
        "{:?}",
        challenged.headers
    );
    let challenge = challenged.header("www-authenticate").to_owned();
    let (_, claims) = challenge
        .split_once("claims=\"")
        .with_context(|| challenge.clone())?;
    let claims = String::from_utf8(STANDARD.decode(claims.trim_end_matches('"'))?)?;
    let tasks = Answer::to(stack.http().get(&url).bearer_auth(&token)).await?;
    assert_eq!((tasks.outcome().as_str(), &tasks.body), ("200", &json!([])));

    let stronger = issuer
        .stronger_user_token(STEPS_UP, TASK_API, "access_as_user", &claims)
        .await?;
    let created = Answer::to(create(&stronger)).await?;
    let member = |name| created.body[name].as_str().unwrap_or_default();
    assert_eq!(
        (
            created.outcome().as_str(),
            member("notification_status"),
            member("audit_status")
        ),
        ("201", "sent", "logged")
    );
    stack.stop().await
}
