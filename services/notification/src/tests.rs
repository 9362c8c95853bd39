//! Tests of the router over a real database of either kind, with injected callers.

mod notifications;
mod refused;

use std::sync::Arc;

use dev_service::{Answer, Backend, TestService};
use portcullis_guard::Applications;
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use crate::{NotificationState, schema, service};

type Notification = TestService<NotificationState>;

const TASK_API: &str = "task-api-id";

fn user(tenant: &str, oid: &str) -> Caller {
    Caller {
        tenant: tenant.to_owned(),
        object_id: oid.to_owned(),
        kind: CallerKind::User,
        actor: Some(TASK_API.to_owned()),
        name: Some(format!("{oid} Müller")),
        email: Some(format!("{oid}@example.com")),
        roles: Vec::new(),
        scopes: vec!["Notify.Send".to_owned()],
    }
}

fn created(title: &str) -> Value {
    json!({ "event": "task_created", "task_title": title })
}

async fn start(backend: Backend) -> Notification {
    TestService::start(backend, schema, service, |database| {
        let listed = [TASK_API.to_owned()];
        NotificationState::new(database, Applications(Arc::new(listed)))
    })
    .await
}

async fn notify(service: &Notification, caller: &Caller, title: &str) -> Value {
    let sent = service
        .send(caller, "POST /notify", &[], Some(&created(title)))
        .await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    sent.body
}

async fn list(service: &Notification, caller: &Caller, query: &str) -> Answer {
    let found = service
        .send(caller, &format!("GET /notifications{query}"), &[], None)
        .await;
    assert_eq!(found.status, 200, "{query}: {}", found.body);
    found
}

fn titles(list: &Answer) -> Vec<&str> {
    list.body
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["task_title"].as_str().unwrap())
        .collect()
}
