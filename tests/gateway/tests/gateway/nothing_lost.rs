//! Kills of the task API and the audit service under load lose and duplicate nothing.
//!
//! Afterwards every acknowledged task exists, the audit trail has each creation once, and its hash
//! chain is whole.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "indexing a serde_json value by a missing name gives null; the test prints figures"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use dev_stack::directory::{ADMIN, AUDIT, TASK_API, TASK_API_CLIENT};
use dev_stack::{Service, Stack};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const ROUNDS: usize = 50;
const CLIENTS: usize = 4;
/// Far longer than the longest pause between two deliveries.
const PATIENCE: Duration = Duration::from_mins(2);

/// Creates tasks until `stopping` and returns their ids.
///
/// It repeats a failed request with the same `Idempotency-Key`.
async fn create(
    http: Client,
    url: String,
    token: String,
    client: usize,
    counted: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
) -> anyhow::Result<Vec<i64>> {
    let mut created = Vec::new();
    for number in 0.. {
        let key = format!("{client}-{number}");
        loop {
            if stopping.load(Ordering::Relaxed) {
                return Ok(created);
            }
            let request = http
                .post(&url)
                .bearer_auth(&token)
                .header("Idempotency-Key", &key);
            let answer = async {
                request
                    .json(&json!({ "title": key }))
                    .send()
                    .await?
                    .error_for_status()?
                    .json::<Value>()
                    .await
            };
            if let Ok(task) = answer.await {
                created.push(task["id"].as_i64().context("a task without an id")?);
                counted.fetch_add(1, Ordering::Relaxed);
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
    bail!("the numbers of requests are used up")
}

/// Returns all items of a list, page after page.
async fn all(http: &Client, url: &str, token: &str) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut next = Some(url.to_owned());
    while let Some(page) = next.take() {
        let request: RequestBuilder = http.get(&page).bearer_auth(token);
        let answer = request.send().await?.error_for_status()?;
        let link = answer
            .headers()
            .get("link")
            .and_then(|link| link.to_str().ok())
            .map(str::to_owned);
        let query = link
            .as_deref()
            .and_then(|link| link.split_once('?')?.1.split_once('>'))
            .map(|(query, _)| query.to_owned());
        let path = page.split('?').next().unwrap_or_default();
        next = query.map(|query| format!("{path}?{query}"));
        items.extend(answer.json::<Vec<Value>>().await?);
    }
    Ok(items)
}

/// Kills and restarts the two services in turn, after one to seven more tasks each time.
async fn kill_often(stack: &mut Stack, counted: &AtomicUsize) -> anyhow::Result<()> {
    for round in 0..ROUNDS {
        // The varying number makes a kill hit different moments of a creation.
        let enough = counted.load(Ordering::Relaxed) + 1 + round % 7;
        let load = async {
            while counted.load(Ordering::Relaxed) < enough {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, load)
            .await
            .with_context(|| format!("round {round}: no task is created"))?;
        let service = if round % 2 == 0 {
            Service::TaskApi
        } else {
            Service::Audit
        };
        stack
            .crash_and_restart(service)
            .await
            .with_context(|| format!("round {round}"))?;
    }
    Ok(())
}

async fn settled(stack: &Stack, token: &str) -> anyhow::Result<Vec<Value>> {
    let url = format!("{}/api/tasks?limit=1000", stack.direct(Service::TaskApi));
    loop {
        let tasks = all(stack.http(), &url, token).await?;
        let is_delivered = |task: &Value| {
            task["audit_status"] == "logged" && task["notification_status"] != "pending"
        };
        if tasks.iter().all(is_delivered) {
            return Ok(tasks);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn verified(stack: &Stack) -> anyhow::Result<String> {
    let data = stack.state().join("audit");
    let verify = Command::new(dev_stack::program("audit")?)
        .arg("verify")
        .arg("--data-dir")
        .arg(data)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&verify.stdout).into_owned()
        + &String::from_utf8_lossy(&verify.stderr);
    ensure!(verify.status.success(), "{text}");
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_services_lose_and_duplicate_nothing() -> anyhow::Result<()> {
    let mut stack = Stack::start_apart().await?;
    let token = stack
        .identity_provider()
        .user_token(ADMIN, TASK_API, "access_as_user")
        .await?;
    let url = format!("{}/api/tasks", stack.direct(Service::TaskApi));
    let counted = Arc::new(AtomicUsize::new(0));
    let stopping = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(create(
            stack.http().clone(),
            url.clone(),
            token.clone(),
            client,
            Arc::clone(&counted),
            Arc::clone(&stopping),
        ));
    }
    kill_often(&mut stack, &counted).await?;
    stopping.store(true, Ordering::Relaxed);
    let acknowledged: Vec<i64> = clients
        .join_all()
        .await
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();

    let tasks = timeout(PATIENCE, settled(&stack, &token))
        .await
        .context("tasks are still pending")??;
    let writer = stack
        .identity_provider()
        .application_token(TASK_API_CLIENT, AUDIT)
        .await?;
    let entries = all(
        stack.http(),
        &format!("{}/audit?limit=100", stack.direct(Service::Audit)),
        &writer,
    )
    .await?;
    let mut audited: BTreeMap<i64, usize> = BTreeMap::new();
    for entry in &entries {
        *audited
            .entry(
                entry["resource_id"]
                    .as_str()
                    .context("an entry about nothing")?
                    .parse()?,
            )
            .or_default() += 1;
    }
    let mut by_title: BTreeMap<&str, usize> = BTreeMap::new();
    for task in &tasks {
        *by_title
            .entry(task["title"].as_str().context("a task without a title")?)
            .or_default() += 1;
        let id = task["id"].as_i64().context("a task without an id")?;
        ensure!(
            audited.remove(&id) == Some(1),
            "task {id} does not have exactly one audit entry"
        );
    }
    ensure!(
        audited.is_empty(),
        "entries of tasks that do not exist: {audited:?}"
    );
    ensure!(
        by_title.values().all(|count| *count == 1),
        "tasks were duplicated: {by_title:?}"
    );
    for id in &acknowledged {
        ensure!(
            tasks.iter().any(|task| task["id"] == *id),
            "the acknowledged task {id} is lost"
        );
    }
    println!(
        "{ROUNDS} kills, {} acknowledged, {} tasks, {}",
        acknowledged.len(),
        tasks.len(),
        verified(&stack).await?
    );
    stack.stop().await
}
