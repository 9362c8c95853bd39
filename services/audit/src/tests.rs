//! Tests of the router over a real database of either kind, with injected callers.

mod broken_chains;
mod entries;
mod refused;
mod tampering;
mod writers;

use std::sync::Arc;

use dev_service::{Answer, Backend, TestService};
use portcullis_guard::Applications;
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use crate::{AuditState, schema, service};

type Audit = TestService<AuditState>;

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

async fn start(backend: Backend) -> Audit {
    TestService::start(backend, schema, service, |database| {
        let listed = [TASK_API.to_owned(), "another-id".to_owned()];
        AuditState::new(database, Applications(Arc::new(listed)))
    })
    .await
}

async fn append(audit: &Audit, caller: &Caller, resource: &str) -> String {
    let logged = audit
        .send(caller, "POST /audit", &[], Some(&report(resource)))
        .await;
    assert_eq!(
        (logged.status, &logged.body["status"]),
        (200, &json!("logged")),
        "{}",
        logged.body
    );
    logged.body["audit_id"].as_str().unwrap().to_owned()
}

async fn list(audit: &Audit, caller: &Caller, query: &str) -> Answer {
    let found = audit
        .send(caller, &format!("GET /audit{query}"), &[], None)
        .await;
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

async fn verification(audit: &Audit, tenant: &str) -> Value {
    audit
        .send(&application(tenant), "GET /audit/verify", &[], None)
        .await
        .body
}

/// Asserts that the tenant's chain is intact and has this number of entries.
async fn assert_intact(audit: &Audit, tenant: &str, entries: i64) {
    let found = verification(audit, tenant).await;
    assert_eq!(
        (&found["status"], &found["entries"]),
        (&json!("intact"), &json!(entries)),
        "{tenant}: {found}"
    );
}
