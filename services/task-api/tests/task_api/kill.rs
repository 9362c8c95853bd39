//! Tests that kills under load lose no acknowledged task, and that every change is audited once.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::client::{ADA, User};
use dev_service::log::PATIENCE;

use crate::program::{Storage, Surroundings};

const CLIENTS: usize = 4;

/// A random duration up to `milliseconds`.
fn random_below(milliseconds: u64) -> Duration {
    let [.., last] = Uuid::new_v4().into_bytes();
    Duration::from_millis(u64::from(last) * milliseconds / 255)
}

/// Acknowledged creations of a client: the ids of tasks by their keys.
type Acknowledged = HashMap<String, i64>;

/// Creates one task after the other until the service is gone.
///
/// The key without an answer is retried in the next round.
async fn load(
    user: User,
    service: String,
    client: usize,
    mut unanswered: Option<String>,
) -> (Acknowledged, Option<String>) {
    let mut acknowledged = Acknowledged::new();
    loop {
        let key = unanswered
            .take()
            .unwrap_or_else(|| format!("{client}-{}", Uuid::new_v4().simple()));
        let Some(task) = user.create(&service, &key, &key).await else {
            return (acknowledged, Some(key));
        };
        acknowledged.insert(key, task["id"].as_i64().unwrap());
    }
}

async fn rounds(number: usize, storage: Storage<'_>) {
    let surroundings = Surroundings::new().await;
    let user = User::sign_in(&surroundings.issuer, ADA).await;
    let mut acknowledged = Acknowledged::new();
    let mut unanswered = vec![None; CLIENTS];
    for _ in 0..number {
        let program = surroundings
            .start(storage, &["--log", "warn,portcullis_runtime::serve=info"])
            .await;
        let mut clients = JoinSet::new();
        for (client, key) in unanswered.iter_mut().enumerate() {
            let user = user.clone();
            let url = program.url.clone();
            let key = key.take();
            clients.spawn(async move { (client, load(user, url, client, key).await) });
        }
        sleep(random_below(150)).await;
        program.signal(Signal::SIGKILL);
        program.ended().await;
        while let Some(finished) = clients.join_next().await {
            let (client, (tasks, key)) = finished.unwrap();
            for (title, id) in tasks {
                assert!(
                    acknowledged
                        .insert(title, id)
                        .is_none_or(|earlier| earlier == id)
                );
            }
            unanswered[client] = key;
        }
    }
    assert!(
        acknowledged.len() > number,
        "too few tasks were created: {}",
        acknowledged.len()
    );
    settle(&surroundings, storage, &user, &acknowledged, number).await;
}

/// Starts the program again, waits until every message is delivered, and compares.
async fn settle(
    surroundings: &Surroundings,
    storage: Storage<'_>,
    user: &User,
    acknowledged: &Acknowledged,
    rounds: usize,
) {
    let program = surroundings.start(storage, &[]).await;
    let tasks = timeout(PATIENCE, all_delivered(user, &program.url))
        .await
        .expect("audit entries are still pending");
    let mut by_title: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for task in &tasks {
        by_title
            .entry(task["title"].as_str().unwrap())
            .or_default()
            .push(task["id"].as_i64().unwrap());
    }
    for (title, id) in acknowledged {
        assert_eq!(
            by_title.get(title.as_str()),
            Some(&vec![*id]),
            "the acknowledged task {title}"
        );
    }
    // A task that was stored and not acknowledged also exists once, because its key was retried.
    assert!(by_title.values().all(|ids| ids.len() == 1), "{by_title:?}");
    let mut entries: Vec<Value> = surroundings.receivers.bodies("audit");
    let mut expected: Vec<Value> = tasks
        .iter()
        .map(|task| {
            json!({
                "action": "task_created",
                "resource_id": task["id"].to_string(),
                "actor": task["owner_id"],
                "tenant_id": task["tenant_id"],
            })
        })
        .collect();
    entries.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(entries.len(), expected.len(), "entries and tasks");
    assert_eq!(entries, expected);
    println!(
        "{rounds} kills, {} tasks, {} acknowledged, {} requests to the receivers",
        tasks.len(),
        acknowledged.len(),
        surroundings.receivers.requests()
    );
    program.signal(Signal::SIGTERM);
    assert_eq!(program.ended().await.0, Some(0));
}

/// All tasks, once no delivery is pending. Notifications are sent, or failed with a reason code.
async fn all_delivered(user: &User, service: &str) -> Vec<Value> {
    loop {
        let mut tasks: Vec<Value> = Vec::new();
        loop {
            let cursor = tasks
                .last()
                .map_or(String::new(), |last| format!("&cursor={}", last["id"]));
            let page = user
                .get(&format!("{service}/api/tasks?limit=1000{cursor}"))
                .await;
            let page = page.as_array().unwrap();
            tasks.extend(page.iter().cloned());
            if page.len() < 1000 {
                break;
            }
        }
        let is_settled = |task: &Value| {
            task["audit_status"] == "logged"
                && (task["notification_status"] == "sent"
                    || task["notification_reason"].is_string())
        };
        if tasks.iter().all(is_settled) {
            return tasks;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_service_loses_and_doubles_nothing_on_sqlite() {
    rounds(50, Storage::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_service_loses_and_doubles_nothing_on_postgres() {
    let url = dev_postgres::shared()
        .unwrap()
        .create_database()
        .await
        .unwrap();
    rounds(50, Storage::Postgres(&url)).await;
}
