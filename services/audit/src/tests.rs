//! Tests of the router over a real database of either kind, with injected callers.

mod entries;
mod refused;
mod tampering;
mod writers;

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

fn application(tenant: &str) -> Caller {
    Caller {
        tenant: tenant.to_owned(),
        object_id: "service-principal".to_owned(),
        kind: CallerKind::Application,
        actor: Some(TASK_API.to_owned()),
        name: None,
        email: None,
        roles: vec!["AuditLog.Write".to_owned()],
        scopes: Vec::new(),
    }
}

fn report(resource: &str) -> Value {
    json!({
        "action": "task_created",
        "resource_id": resource,
        "actor": "user-oid",
        "tenant_id": "user-tenant",
    })
}

fn service(database: &Database, protect: impl FnOnce(Router) -> Router) -> Router {
    let applications = Applications(Arc::new([TASK_API.to_owned(), "another-id".to_owned()]));
    let service = HttpService::new("audit", &RequestLimits::default(), &mut Registry::default());
    router(database.clone(), applications, &service, protect)
}

/// Sends `line`, such as `GET /audit`, as `caller`.
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

async fn append(database: &Database, caller: &Caller, resource: &str) -> String {
    let logged = send(
        database,
        caller,
        "POST /audit",
        &[],
        Some(&report(resource)),
    )
    .await;
    assert_eq!(
        (logged.status, &logged.body["status"]),
        (200, &json!("logged")),
        "{}",
        logged.body
    );
    logged.body["audit_id"].as_str().unwrap().to_owned()
}

async fn list(database: &Database, caller: &Caller, query: &str) -> Answer {
    let found = send(database, caller, &format!("GET /audit{query}"), &[], None).await;
    assert_eq!(found.status, 200, "{query}: {}", found.body);
    found
}

fn resources(list: &Answer) -> Vec<&str> {
    list.body
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["resource_id"].as_str().unwrap())
        .collect()
}

async fn verification(database: &Database, tenant: &str) -> Value {
    send(
        database,
        &application(tenant),
        "GET /audit/verify",
        &[],
        None,
    )
    .await
    .body
}
