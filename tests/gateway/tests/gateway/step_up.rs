//! Entra wants more proof of a user before the Task API may act for them: the browser learns so
//! through the gateway, before anything is stored, and the same request goes through once the proof
//! is there.

#![allow(
    clippy::indexing_slicing,
    reason = "reading a serde_json value by name answers null for what is not there"
)]
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dev_stack::directory::{STEPS_UP, TASK_API};
use dev_stack::{Answer, Stack};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_claims_challenge_reaches_the_browser_and_nothing_is_stored_before_it_is_met()
-> anyhow::Result<()> {
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

    let refused = Answer::to(create(&token).header("origin", "http://localhost:3000")).await?;
    assert_eq!(refused.verdict(), "401 interaction_required");
    assert!(
        refused
            .header("access-control-expose-headers")
            .contains("www-authenticate"),
        "{:?}",
        refused.headers
    );
    let challenge = refused.header("www-authenticate").to_owned();
    let (_, claims) = challenge
        .split_once("claims=\"")
        .with_context(|| challenge.clone())?;
    let claims = String::from_utf8(STANDARD.decode(claims.trim_end_matches('"'))?)?;
    let tasks = Answer::to(stack.http().get(&url).bearer_auth(&token)).await?;
    assert_eq!((tasks.verdict().as_str(), &tasks.body), ("200", &json!([])));

    let stronger = issuer
        .stronger_user_token(STEPS_UP, TASK_API, "access_as_user", &claims)
        .await?;
    let created = Answer::to(create(&stronger)).await?;
    let member = |name| created.body[name].as_str().unwrap_or_default();
    assert_eq!(
        (
            created.verdict().as_str(),
            member("notification_status"),
            member("audit_status")
        ),
        ("201", "sent", "logged")
    );
    stack.stop().await
}
