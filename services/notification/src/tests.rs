//! Tests of the router over a real database of either kind, with injected callers.

mod notifications;
mod refused;

use std::sync::Arc;

use axum::{Extension, Router};
use dev_service::{Answer, answer, request};
use portcullis_database::Database;
use portcullis_guard::{Applications, Authenticated};
use portcullis_runtime::{HttpService, Registry, RequestLimits};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use crate::router;

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

fn service(database: &Database, protect: impl FnOnce(Router) -> Router) -> Router {
    let service = HttpService::new(
        "notification",
        &RequestLimits::default(),
        &mut Registry::default(),
    );
    router(
        database.clone(),
        Applications(Arc::new([TASK_API.to_owned()])),
        &service,
        protect,
    )
}

/// Sends `line`, such as `GET /notifications`, as `caller`.
async fn send(
    database: &Database,
    caller: &Caller,
    line: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let authenticated = Authenticated {
        caller: caller.clone(),
        token: None,
    };
    let router = service(database, |api| api.layer(Extension(authenticated)));
    answer(router, request(line, headers, body)).await
}

async fn notify(database: &Database, caller: &Caller, title: &str) -> Value {
    let sent = send(database, caller, "POST /notify", &[], Some(&created(title))).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    sent.body
}

async fn list(database: &Database, caller: &Caller, query: &str) -> Answer {
    let found = send(
        database,
        caller,
        &format!("GET /notifications{query}"),
        &[],
        None,
    )
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
