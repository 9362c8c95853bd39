//! Tests of the admin API: it shows, reloads and refreshes policies and keys.

use std::time::{Duration, Instant};

use dev_stack::Stack;
use dev_stack::directory::{EDITOR, READER, TASK_API};
use gateway_tests::{admin, operations, outcome};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_reloaded_on_request_and_errors_are_shown() -> anyhow::Result<()> {
    struct Case {
        held: &'static str,
        capacity: u64,
    }

    let stack = Stack::start_apart().await?;
    let file = stack.state().join("policy.yaml");
    let good = std::fs::read_to_string(&file)?;
    let token = stack
        .identity_provider()
        .user_token(READER, TASK_API, "access_as_user")
        .await?;
    assert_eq!(outcome(&stack, &token).await?, "200");
    let (_, before) = admin(&stack, Method::GET, "/status").await?;
    assert_eq!(
        before["policies"]["names"],
        serde_json::json!(["audit", "notifications", "tasks"])
    );
    assert_eq!(before["policies"]["refused"], Value::Null);
    for (table, windows) in [("callers", 1), ("addresses", 0)] {
        assert_eq!(
            before["rate_limits"][table]["windows"], windows,
            "{table}: {before}"
        );
        let line = format!("portcullis_rate_limit_windows{{table=\"{table}\"}} {windows}\n");
        assert!(
            operations(&stack, "/metrics").await?.contains(&line),
            "{line}"
        );
    }
    for Case { held, capacity } in [
        Case {
            held: "/decision_cache",
            capacity: 256,
        },
        Case {
            held: "/rate_limits/callers",
            capacity: 112,
        },
        Case {
            held: "/rate_limits/addresses",
            capacity: 16,
        },
    ] {
        let number = |name: &str| {
            before
                .pointer(&format!("{held}/{name}"))
                .and_then(Value::as_u64)
        };
        assert_eq!(
            number("capacity_bytes"),
            Some(capacity * 1024 * 1024),
            "{held}: {before}"
        );
        assert!(number("bytes") < Some(64 * 1024), "{held}: {before}");
    }

    // A deny list counts from the next request, also for a cached caller.
    let deny_list = "\n---\napiVersion: portcullis.dev/v1alpha1\nkind: DenyList\n\
        metadata: {name: incident}\n\
        spec: {callers: [aaaaaaaa-0003-4000-8000-000000000003]}\n";
    std::fs::write(&file, format!("{good}{deny_list}"))?;
    let (status, body) = admin(&stack, Method::POST, "/policies/reload").await?;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(body["version"], before["policies"]["version"]);
    assert_eq!(outcome(&stack, &token).await?, "403 caller_blocked");
    let other = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    assert_eq!(outcome(&stack, &other).await?, "200");

    std::fs::write(&file, good.replace("issuer: entra", "isuer: entra"))?;
    let (status, problem) = admin(&stack, Method::POST, "/policies/reload").await?;
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(
        status == StatusCode::UNPROCESSABLE_ENTITY && detail.contains("spec.isuer"),
        "{problem}"
    );
    let (_, after) = admin(&stack, Method::GET, "/status").await?;
    assert_eq!(
        after["policies"]["version"], body["version"],
        "the last good policies stay in force"
    );
    assert!(
        after["policies"]["refused"]
            .as_str()
            .is_some_and(|refused| refused.contains("spec.isuer")),
        "{after}"
    );
    let version = body["version"].as_str().unwrap_or_default();
    let text = operations(&stack, "/metrics").await?;
    assert!(
        text.contains(&format!(
            "portcullis_policy_version{{version=\"{version}\"}} 1"
        )),
        "{text}"
    );
    assert!(text.contains("portcullis_policy_stale 1"), "{text}");
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_keys_are_shown_refreshed_and_forgotten() -> anyhow::Result<()> {
    let mut stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    assert_eq!(outcome(&stack, &token).await?, "200");
    let (_, status) = admin(&stack, Method::GET, "/status").await?;
    let sources = status["issuers"][0]["keys"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(
        (status["issuers"][0]["name"].as_str(), sources.len()),
        (Some("entra"), 2),
        "{status}"
    );
    assert!(
        sources
            .iter()
            .all(|source| source["fetches"]["success"] == 1 && source["age_seconds"].is_u64()),
        "{status}"
    );
    assert_eq!(status["decision_cache"]["callers"], 1);

    let (answered, _) = admin(&stack, Method::POST, "/keys/refresh").await?;
    assert_eq!(answered, StatusCode::NO_CONTENT);
    let text = operations(&stack, "/metrics").await?;
    for line in [
        "portcullis_keys{issuer=\"entra\"",
        "portcullis_key_age_seconds{issuer=\"entra\"",
        "result=\"success\"} 2",
    ] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }

    let browser = stack
        .http()
        .post(format!("{}/keys/forget", stack.admin_api()));
    let answer = browser
        .header("origin", "https://evil.example")
        .send()
        .await?;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(outcome(&stack, &token).await?, "200");

    stack.stop_issuer().await?;
    let (answered, problem) = admin(&stack, Method::POST, "/keys/refresh").await?;
    assert!(
        answered == StatusCode::BAD_GATEWAY
            && problem["detail"]
                .as_str()
                .is_some_and(|text| text.contains("refused"))
    );
    assert_eq!(
        outcome(&stack, &token).await?,
        "200",
        "the last good keys stay"
    );
    let (answered, _) = admin(&stack, Method::POST, "/keys/forget").await?;
    assert_eq!(answered, StatusCode::NO_CONTENT);
    assert_eq!(
        outcome(&stack, &token).await?,
        "503 authorization_unavailable",
        "a cached caller does not pass either"
    );
    let stored = std::fs::read_dir(stack.state().join("keys"))?.count();
    assert_eq!(stored, 0, "the keys on disk are forgotten too");
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_without_issuer_serves_with_the_keys_on_disk() -> anyhow::Result<()> {
    let mut stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(EDITOR, TASK_API, "access_as_user")
        .await?;
    stack.stop_issuer().await?;
    stack.stop_authz().await?;
    stack.start_authz().await?;
    // Services fetch the new assertion key of the restarted authz server at most once a second.
    let started = Instant::now();
    let mut served = outcome(&stack, &token).await?;
    while served == "401 assertion_not_genuine" && started.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50)).await;
        served = outcome(&stack, &token).await?;
    }
    assert_eq!(served, "200");
    stack.stop().await
}
