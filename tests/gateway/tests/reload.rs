//! Policies that change while the gate serves.

use std::time::Duration;

use dev_stack::Stack;
use dev_stack::directory::{READER, TASK_API};
use gateway_tests::verdict;
use tokio::time::{Instant, sleep};

/// Waits for a verdict; the last one if it does not come.
async fn becomes(stack: &Stack, token: &str, expected: &str) -> anyhow::Result<String> {
    let started = Instant::now();
    loop {
        let verdict = verdict(stack, token).await?;
        if verdict == expected || started.elapsed() > Duration::from_secs(20) {
            return Ok(verdict);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The value of a metric of the gate.
async fn metric(stack: &Stack, line: &str) -> anyhow::Result<Option<String>> {
    let text = stack.http().get(format!("{}/metrics", stack.authz_operations())).send().await?.text().await?;
    Ok(text.lines().find_map(|found| found.strip_prefix(line)).map(|value| value.trim().to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_change_takes_effect_and_a_bad_one_changes_nothing() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let file = stack.state().join("policy.yaml");
    let token = stack.identity_provider().user_token(READER, TASK_API, "access_as_user").await?;
    let before = std::fs::read_to_string(&file)?;
    assert_eq!(verdict(&stack, &token).await?, "200");

    std::fs::write(
        &file,
        before.replace("scopes: [access_as_user]", "scopes: [access_as_user]\n      roles: [Admin]"),
    )?;
    assert_eq!(becomes(&stack, &token, "403 role_missing").await?, "403 role_missing");
    assert_eq!(metric(&stack, "portcullis_policy_reloads_total{outcome=\"success\"}").await?.as_deref(), Some("1"));

    // An editor's half-written file would let the Reader in again, if it counted.
    std::fs::write(&file, before.replace("rateLimit:", "rateLimits:"))?;
    let started = Instant::now();
    while metric(&stack, "portcullis_policy_stale").await?.as_deref() != Some("1") {
        assert!(started.elapsed() < Duration::from_secs(20), "the bad file was not noticed");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(verdict(&stack, &token).await?, "403 role_missing");

    std::fs::write(&file, before)?;
    assert_eq!(becomes(&stack, &token, "200").await?, "200");
    assert_eq!(metric(&stack, "portcullis_policy_stale").await?.as_deref(), Some("0"));
    stack.stop().await
}
