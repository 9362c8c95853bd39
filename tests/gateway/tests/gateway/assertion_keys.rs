//! Rotation and removal of MAC keys and assertion keys under load.
//!
//! A rotation loses no request, and a removed key stops verifying within seconds.

#![allow(
    clippy::indexing_slicing,
    reason = "a test and its helpers may fail by panicking"
)]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, TASK_API};
use dev_stack::{
    Answer, Service, Stack, StackOptions, assertion_key, assertion_of_an_admin, mac_key,
    without_rate_limits,
};
use gateway_tests::{Load, metric, outcome};
use portcullis_assertion::{Assertion, HEADER, MacKeys, Signer};
use serde_json::Value;
use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(30);
/// The authz server polls its file each second and services poll keys every two seconds. The rest
/// is for a busy machine.
const REMOVED_WITHIN: Duration = Duration::from_secs(5);

fn replace(file: &Path, content: &str) -> anyhow::Result<()> {
    // The dot keeps the authz server from reading this file as the keys of an upstream.
    let next = file.with_file_name(".next");
    std::fs::write(&next, content)?;
    Ok(std::fs::rename(&next, file)?)
}

/// Returns the assertion keys in the status of each authz server.
async fn keys_in_force(stack: &Stack) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    for url in stack.admin_api_of_each() {
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

async fn wait_until_in_force(stack: &Stack, hs256: &[String]) -> anyhow::Result<()> {
    let started = Instant::now();
    while !keys_in_force(stack)
        .await?
        .iter()
        .all(|keys| keys["HS256"]["task-api"] == Value::from(hs256))
    {
        ensure!(
            started.elapsed() < PATIENCE,
            "the authz servers have not read the new folder"
        );
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Sends an assertion past the gateway to `service` and returns status and reason code.
async fn outcome_at(
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
        .outcome())
}

async fn becomes(
    stack: &Stack,
    (service, path): (Service, &str),
    sign: impl Fn(&Assertion) -> Option<String>,
    expected: &str,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    loop {
        let found = outcome_at(stack, service, path, &sign).await?;
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
async fn mac_key_rotation_loses_no_request() -> anyhow::Result<()> {
    let options = StackOptions::default()
        .authz_instances(2)
        .policies(without_rate_limits);
    let stack = Stack::start_with(options).await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let file = stack.mac_key_folder().join("task-api");
    let old = std::fs::read_to_string(&file)?;
    let new = mac_key()?;
    let load = Load::start(&stack, 4, "/api/me", &token)?;
    load.answered(50).await?;
    for content in [format!("{old}{new}"), format!("{new}{old}")] {
        replace(&file, &content)?;
        let keys = MacKeys::parse(&content)?;
        let ids: Vec<String> = keys.key_ids().into_iter().map(str::to_owned).collect();
        wait_until_in_force(&stack, &ids).await?;
        // Wait for the service too, because it must accept the key.
        becomes(
            &stack,
            (Service::TaskApi, "/api/me"),
            |assertion| keys.sign(assertion),
            "200",
        )
        .await?;
        load.answered(50).await?;
    }
    let old = MacKeys::parse(&old)?;
    replace(&file, &new)?;
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
async fn removed_public_key_stops_verifying_within_seconds() -> anyhow::Result<()> {
    let stack = Stack::start_with(StackOptions::default().authz_instances(2)).await?;
    let file = stack.state().join("assertion-key.pem");
    let stolen = std::fs::read_to_string(&file)?;
    let kept = assertion_key()?;
    let [stolen_signer, kept_signer] =
        [&stolen, &kept].map(|pem| Signer::from_pem(pem.as_bytes()).ok());
    let stolen_signer = stolen_signer.context("a key")?;
    let kept_signer = kept_signer.context("a key")?;
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
        outcome_at(&stack, at.0, at.1, |assertion| kept_signer.sign(assertion)).await?,
        "200"
    );
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_mac_key_folder_changes_only_a_metric() -> anyhow::Result<()> {
    struct Mistake<'a> {
        name: &'static str,
        place: &'a Path,
        content: &'a str,
    }

    let stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let file = stack.mac_key_folder().join("task-api");
    let good = std::fs::read_to_string(&file)?;
    let copy = stack.mac_key_folder().join("audit");
    for Mistake {
        name,
        place,
        content,
    } in [
        Mistake {
            name: "short key",
            place: &file,
            content: "c2hvcnQ=",
        },
        Mistake {
            name: "key of two upstreams",
            place: &copy,
            content: &good,
        },
    ] {
        replace(place, content)?;
        for (expected, repair) in [("1", true), ("0", false)] {
            let started = Instant::now();
            while metric(&stack, "portcullis_assertion_mac_keys_stale ")
                .await?
                .as_deref()
                != Some(expected)
            {
                ensure!(
                    started.elapsed() < PATIENCE,
                    "{name}: the metric is not {expected}"
                );
                sleep(Duration::from_millis(50)).await;
            }
            // The service reads the same file and also keeps its last good keys.
            assert_eq!(outcome(&stack, &token).await?, "200", "{name}");
            if repair && place == copy {
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
