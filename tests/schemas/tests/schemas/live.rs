//! No request makes a service fail or answer outside its OpenAPI document.
//!
//! Some of the requests fit the document and some do not.
#![allow(clippy::print_stdout, reason = "the report, shown when the test fails")]
#![allow(
    clippy::indexing_slicing,
    reason = "indexing a serde_json value by a missing name gives null"
)]

use anyhow::{Context, ensure};
use dev_stack::directory::{ADMIN, AUDIT, NOTIFICATION, TASK_API, TASK_API_CLIENT};
use dev_stack::{Service, Stack};
use serde_json::{Value, json};
use tokio::process::Command;

const RUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/run");

/// Obtains a token that the service accepts.
async fn token(stack: &Stack, service: Service) -> anyhow::Result<String> {
    let issuer = stack.identity_provider();
    match service {
        Service::TaskApi => issuer.user_token(ADMIN, TASK_API, "access_as_user").await,
        Service::Notification => {
            // The task API obtains such a token on the user's behalf.
            let token = issuer
                .user_token(ADMIN, NOTIFICATION, "Notify.Send")
                .await?;
            issuer
                .resign(&token, |_, claims| claims["azp"] = json!(TASK_API))
                .await
        }
        Service::Audit => issuer.application_token(TASK_API_CLIENT, AUDIT).await,
    }
}

/// Returns the number of operations in the document of the service.
async fn operations(stack: &Stack, url: &str) -> anyhow::Result<usize> {
    let document: Value = stack
        .http()
        .get(format!("{url}/openapi.json"))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    ensure!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1.")),
        "{}",
        document["openapi"]
    );
    let paths = document["paths"]
        .as_object()
        .context("the document has no paths")?;
    Ok(paths
        .values()
        .filter_map(Value::as_object)
        .map(serde_json::Map::len)
        .sum())
}

async fn compare(service: Service, at_least: usize) -> anyhow::Result<()> {
    let stack = Stack::start_apart().await?;
    let url = stack.direct(service);
    let documented = operations(&stack, &url).await?;
    ensure!(
        documented >= at_least,
        "{}: the document has {documented} operations",
        service.name()
    );
    let token = token(&stack, service).await?;
    let report = Command::new(RUN)
        .arg(&url)
        .env("TOKEN", token)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&report.stdout).into_owned()
        + &String::from_utf8_lossy(&report.stderr);
    println!("{text}");
    ensure!(
        report.status.success(),
        "{}: see the report above",
        service.name()
    );
    ensure!(
        text.contains(&format!("Tested: {documented}")),
        "{}: not every operation was tried",
        service.name()
    );
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn notification_matches_its_openapi_document() -> anyhow::Result<()> {
    compare(Service::Notification, 3).await
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_matches_its_openapi_document() -> anyhow::Result<()> {
    compare(Service::Audit, 4).await
}

#[tokio::test(flavor = "multi_thread")]
async fn task_api_matches_its_openapi_document() -> anyhow::Result<()> {
    compare(Service::TaskApi, 7).await
}
