//! Several authz servers share a rate limit and an assertion key, which rotates under load.

use std::time::Duration;

use anyhow::ensure;
use dev_stack::directory::{ADMIN, EDITOR, NOTIFICATION};
use dev_stack::{Answer, RedisServer, Stack, StackOptions, assertion_key, without_rate_limits};
use futures::future::try_join_all;
use gateway_tests::Load;
use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(30);

async fn outcomes(stack: &Stack, token: &str, requests: usize) -> anyhow::Result<Vec<String>> {
    let url = format!("{}/notification/notifications", stack.gateway());
    let one = async || {
        anyhow::Ok(
            Answer::to(stack.http().get(&url).bearer_auth(token))
                .await?
                .outcome(),
        )
    };
    try_join_all((0..requests).map(|_| one())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_with_a_store_share_one_limit() -> anyhow::Result<()> {
    let mut redis = RedisServer::start().await?;
    let url = redis.url();
    let arguments = [
        "--rate-limit-store",
        &url,
        "--rate-limit-store-timeout",
        "2s",
        "--rate-limit-store-down",
        "refuse",
    ];
    // The window is longer than the test, so the number of admitted requests is exact.
    let policies = |text: &str| text.replace("requests: 100, per: 60s", "requests: 100, per: 1h");
    let options = StackOptions::default()
        .authz_instances(3)
        .authz_arguments(arguments)
        .policies(policies);
    let stack = Stack::start_with(options).await?;
    let issuer = stack.identity_provider();
    let editor = issuer
        .user_token(EDITOR, NOTIFICATION, "Notify.Send")
        .await?;
    let admin = issuer
        .user_token(ADMIN, NOTIFICATION, "Notify.Send")
        .await?;
    let mut all = Vec::new();
    for _ in 0..10 {
        all.extend(outcomes(&stack, &editor, 40).await?);
    }
    let admitted = all.iter().filter(|outcome| *outcome == "200").count();
    let limited = all
        .iter()
        .filter(|outcome| *outcome == "429 rate_limited")
        .count();
    assert_eq!(
        (admitted, limited),
        (100, 300),
        "admitted and denied of 400 requests to three replicas"
    );
    assert_eq!(
        outcomes(&stack, &admin, 1).await?,
        ["200"],
        "each caller has its own limit"
    );

    redis.crash().await?;
    assert_eq!(
        outcomes(&stack, &admin, 1).await?,
        ["503 authorization_unavailable"]
    );
    redis.start_again().await?;
    let started = Instant::now();
    while outcomes(&stack, &admin, 1).await? != ["200"] {
        ensure!(
            started.elapsed() < PATIENCE,
            "the authz servers do not use the store again"
        );
        sleep(Duration::from_millis(50)).await;
    }
    stack.stop().await
}

/// Returns the assertion keys that each authz server publishes.
async fn published(stack: &Stack) -> anyhow::Result<Vec<String>> {
    let document = async |url| anyhow::Ok(stack.http().get(url).send().await?.text().await?);
    try_join_all(stack.assertion_keys_of_each().into_iter().map(document)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn assertion_key_rotation_loses_no_request() -> anyhow::Result<()> {
    let options = StackOptions::default()
        .authz_instances(2)
        .policies(without_rate_limits);
    let stack = Stack::start_with(options).await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, NOTIFICATION, "Notify.Send")
        .await?;
    let file = stack.state().join("assertion-key.pem");
    let old = std::fs::read_to_string(&file)?;
    let new = assertion_key()?;
    let load = Load::start(&stack, 4, "/notification/notifications", &token)?;
    load.answered(50).await?;
    let mut before = published(&stack).await?;
    for content in [format!("{old}{new}"), format!("{new}{old}"), new.clone()] {
        let next = file.with_extension("next");
        std::fs::write(&next, &content)?;
        std::fs::rename(&next, &file)?;
        let started = Instant::now();
        let now = loop {
            let now = published(&stack).await?;
            if now.iter().zip(&before).all(|(now, before)| now != before) {
                break now;
            }
            ensure!(
                started.elapsed() < PATIENCE,
                "the authz servers have not noticed the file"
            );
            sleep(Duration::from_millis(50)).await;
        };
        before = now;
        load.answered(50).await?;
    }
    load.stop().await?.must_be_complete(200)?;
    stack.stop().await
}
