//! Keys of assertions that change while everything runs: a shared key is rotated without a lost
//! request, and a removed one of either kind stops verifying within seconds.

#![allow(
    clippy::indexing_slicing,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, TASK_API};
use dev_stack::{
    Answer, Service, Stack, Variation, assertion_key, assertion_of_an_admin, mac_key,
    without_rate_limits,
};
use gateway_tests::Load;
use portcullis_assertion::{Assertion, HEADER, MacKeys, Signer};
use serde_json::Value;
use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(30);
/// One second until the authz server reads its file, two until a service asks, and a busy machine.
const REMOVED_WITHIN: Duration = Duration::from_secs(5);

fn replace(file: &Path, content: &str) -> anyhow::Result<()> {
    // A name with a dot, so that the folder's reader does not take it for an upstream.
    let next = file.with_file_name(".next");
    std::fs::write(&next, content)?;
    Ok(std::fs::rename(&next, file)?)
}

/// What each authz server says of its keys.
async fn keys_in_force(stack: &Stack) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    for url in stack.administration_of_each() {
        let status: Value = stack
            .http()
            .get(format!("{url}/status"))
            .send()
            .await?
            .json()
            .await?;
        all.push(status["assertion_keys"].clone());
    }
    Ok(all)
}

async fn are_in_force(stack: &Stack, hs256: &[String]) -> anyhow::Result<()> {
    let started = Instant::now();
    while !keys_in_force(stack)
        .await?
        .iter()
        .all(|keys| keys["HS256"]["task-api"] == Value::from(hs256))
    {
        ensure!(
            started.elapsed() < PATIENCE,
            "the folder has not been noticed"
        );
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// What `service` says of an assertion that did not come through the gateway.
async fn verdict(
    stack: &Stack,
    service: Service,
    path: &str,
    sign: impl Fn(&Assertion) -> Option<String>,
) -> anyhow::Result<String> {
    let assertion = assertion_of_an_admin(service, path, format!("{:?}", Instant::now()));
    let token = sign(&assertion).context("signing")?;
    let request = stack
        .http()
        .get(format!("{}{path}", stack.direct(service)))
        .header(HEADER, token);
    Ok(Answer::to(request.header("x-request-id", "r"))
        .await?
        .verdict())
}

async fn becomes(
    stack: &Stack,
    (service, path): (Service, &str),
    sign: impl Fn(&Assertion) -> Option<String>,
    expected: &str,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    loop {
        let found = verdict(stack, service, path, &sign).await?;
        if found == expected {
            return Ok(started.elapsed());
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "{found} instead of {expected}"
        );
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_shared_key_is_put_in_force_without_a_lost_request() -> anyhow::Result<()> {
    let variation = Variation::default()
        .authz_instances(2)
        .policies(without_rate_limits);
    let stack = Stack::start_varied(variation).await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let file = stack.mac_key_folder().join("task-api");
    let (old, new) = (std::fs::read_to_string(&file)?, mac_key()?);
    let load = Load::start(&stack, 4, "/api/me", &token)?;
    load.answered(50).await?;
    for content in [format!("{old}{new}"), format!("{new}{old}")] {
        replace(&file, &content)?;
        let keys = MacKeys::parse(&content)?;
        let ids: Vec<String> = keys.key_ids().into_iter().map(str::to_owned).collect();
        are_in_force(&stack, &ids).await?;
        // The service has noticed too, whose turn it is to accept.
        becomes(
            &stack,
            (Service::TaskApi, "/api/me"),
            |assertion| keys.sign(assertion),
            "200",
        )
        .await?;
        load.answered(50).await?;
    }
    let (old, content) = (MacKeys::parse(&old)?, new);
    replace(&file, &content)?;
    let elapsed = becomes(
        &stack,
        (Service::TaskApi, "/api/me"),
        |a| old.sign(a),
        "401 assertion_not_genuine",
    )
    .await?;
    assert!(elapsed < REMOVED_WITHIN, "{elapsed:?}");
    println!("a removed MAC key verified for another {elapsed:?}");
    load.answered(50).await?;
    load.stop().await?.must_be_complete(200)?;
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_public_key_stops_verifying_within_seconds() -> anyhow::Result<()> {
    let stack = Stack::start_varied(Variation::default().authz_instances(2)).await?;
    let file = stack.state().join("assertion-key.pem");
    let (stolen, kept) = (std::fs::read_to_string(&file)?, assertion_key()?);
    let [stolen_signer, kept_signer] =
        [&stolen, &kept].map(|pem| Signer::from_pem(pem.as_bytes()).ok());
    let (stolen_signer, kept_signer) = (
        stolen_signer.context("a key")?,
        kept_signer.context("a key")?,
    );
    let at = (Service::Notification, "/notifications");
    replace(&file, &format!("{kept}{stolen}"))?;
    becomes(&stack, at, |assertion| kept_signer.sign(assertion), "200").await?;
    becomes(&stack, at, |assertion| stolen_signer.sign(assertion), "200").await?;
    replace(&file, &kept)?;
    let elapsed = becomes(
        &stack,
        at,
        |a| stolen_signer.sign(a),
        "401 assertion_not_genuine",
    )
    .await?;
    assert!(elapsed < REMOVED_WITHIN, "{elapsed:?}");
    println!("a removed public key verified for another {elapsed:?}");
    assert_eq!(
        verdict(&stack, at.0, at.1, |assertion| kept_signer.sign(assertion)).await?,
        "200"
    );
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_used_changes_nothing_but_a_metric() -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let file = stack.mac_key_folder().join("task-api");
    let good = std::fs::read_to_string(&file)?;
    let copy = stack.mac_key_folder().join("audit");
    let metric = async || {
        let text = stack
            .http()
            .get(format!("{}/metrics", stack.authz_operations()))
            .send()
            .await?
            .text()
            .await?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("portcullis_assertion_mac_keys_stale "));
        anyhow::Ok(line.map(str::to_owned))
    };
    for (place, content) in [(&file, "c2hvcnQ="), (&copy, &good)] {
        replace(place, content)?;
        for (expected, repair) in [("1", true), ("0", false)] {
            let started = Instant::now();
            while metric().await?.as_deref() != Some(expected) {
                ensure!(started.elapsed() < PATIENCE, "the metric is not {expected}");
                sleep(Duration::from_millis(50)).await;
            }
            // The service follows the same file, and keeps its last good keys too.
            assert_eq!(gateway_tests::verdict(&stack, &token).await?, "200");
            if repair && place == &copy {
                std::fs::remove_file(place)?;
            } else if repair {
                replace(place, &good)?;
            }
        }
    }
    let log = stack.authz_log()?;
    assert!(
        log.contains("audit and task-api have the same key"),
        "{log}"
    );
    assert!(!log.contains(good.trim()), "a key is in the log");
    stack.stop().await
}
