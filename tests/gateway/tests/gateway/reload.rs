//! Changes of policies while the authz server serves.

use std::time::Duration;

use dev_stack::directory::{READER, TASK_API};
use dev_stack::{Answer, Stack};
use gateway_tests::{admin, metric, outcome};
use reqwest::Method;
use tokio::time::{Instant, sleep};

/// Waits until status and reason code are `expected`, and returns the last ones.
async fn becomes(stack: &Stack, token: &str, expected: &str) -> anyhow::Result<String> {
    let started = Instant::now();
    loop {
        let found = outcome(stack, token).await?;
        if found == expected || started.elapsed() > Duration::from_secs(20) {
            return Ok(found);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn good_policy_takes_effect_and_bad_one_changes_nothing() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let file = stack.state().join("policy.yaml");
    let token = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    let before = std::fs::read_to_string(&file)?;
    assert_eq!(outcome(&stack, &token).await?, "200");

    std::fs::write(
        &file,
        before.replace(
            "scopes: [access_as_user]",
            "scopes: [access_as_user]\n      roles: [Admin]",
        ),
    )?;
    assert_eq!(
        becomes(&stack, &token, "403 role_missing").await?,
        "403 role_missing"
    );
    assert_eq!(
        metric(
            &stack,
            "portcullis_policy_reloads_total{outcome=\"success\"}"
        )
        .await?
        .as_deref(),
        Some("1")
    );

    // A half-written file would admit the Reader again if it took effect.
    std::fs::write(&file, before.replace("rateLimit:", "rateLimits:"))?;
    let started = Instant::now();
    while metric(&stack, "portcullis_policy_stale").await?.as_deref() != Some("1") {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the bad file was not noticed"
        );
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(outcome(&stack, &token).await?, "403 role_missing");

    std::fs::write(&file, before)?;
    assert_eq!(becomes(&stack, &token, "200").await?, "200");
    assert_eq!(
        metric(&stack, "portcullis_policy_stale").await?.as_deref(),
        Some("0")
    );
    stack.stop().await
}

/// Envoy's routes and the policies are separate files, which do not change at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn removed_policy_still_decides_and_unknown_policy_is_a_fault() -> anyhow::Result<()> {
    let mut stack = Stack::start_apart().await?;
    let file = stack.state().join("policy.yaml");
    let token = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    let renamed = std::fs::read_to_string(&file)?.replace("name: tasks}", "name: jobs}");
    std::fs::write(&file, renamed)?;
    let started = Instant::now();
    let policies = loop {
        let (_, status) = admin(&stack, Method::GET, "/status").await?;
        if status["policies"]["removed"]["tasks"].is_u64() {
            break status["policies"].clone();
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the change was not noticed: {status}"
        );
        sleep(Duration::from_millis(50)).await;
    };
    assert!(
        policies["names"]
            .as_array()
            .is_some_and(|names| names.contains(&"jobs".into())),
        "{policies}"
    );
    assert_eq!(outcome(&stack, &token).await?, "200");

    // The restarted authz server never had the policy of the old name.
    stack.restart_authz(0).await?;
    assert_eq!(
        becomes(&stack, &token, "503 policy_unknown").await?,
        "503 policy_unknown"
    );
    let request = stack
        .http()
        .get(format!("{}/api/me", stack.gateway()))
        .bearer_auth(&token);
    assert_eq!(Answer::to(request).await?.header("retry-after"), "5");
    stack.stop().await
}
