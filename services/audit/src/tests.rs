//! The router over a real database of either kind, with callers injected where the guard would put them.

mod backend;
mod entries;
mod refused;
mod tampering;
mod writers;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Extension, Router};
use backend::Place;
use portcullis_database::Database;
use portcullis_guard::Authenticated;
use portcullis_runtime::{HttpService, Registry, RequestLimits};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Applications, router};

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
    json!({ "action": "task_created", "resource_id": resource, "actor": "user-oid", "tenant_id": "user-tenant" })
}

fn service(database: &Database, protect: impl FnOnce(Router) -> Router) -> Router {
    let applications = Applications(Arc::new([TASK_API.to_owned(), "another-id".to_owned()]));
    let service = HttpService::new("audit", &RequestLimits::default(), &mut Registry::default());
    router(database.clone(), applications, &service, protect)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

async fn answer(router: Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = serde_json::from_slice(&to_bytes(body, 1 << 20).await.unwrap()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

fn request(line: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Request<Body> {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
}

/// Sends `line`, such as `GET /audit`, as `caller`.
async fn send(
    database: &Database,
    caller: &Caller,
    line: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let authenticated = Authenticated { caller: caller.clone(), token: None };
    let router = service(database, |api| api.layer(Extension(authenticated)));
    answer(router, request(line, headers, body)).await
}

async fn append(database: &Database, caller: &Caller, resource: &str) -> String {
    let logged = send(database, caller, "POST /audit", &[], Some(&report(resource))).await;
    assert_eq!((logged.status, &logged.body["status"]), (200, &json!("logged")), "{}", logged.body);
    logged.body["audit_id"].as_str().unwrap().to_owned()
}

async fn list(database: &Database, caller: &Caller, query: &str) -> Answer {
    let found = send(database, caller, &format!("GET /audit{query}"), &[], None).await;
    assert_eq!(found.status, StatusCode::OK, "{query}: {}", found.body);
    found
}

fn resources(list: &Answer) -> Vec<&str> {
    list.body.as_array().unwrap().iter().map(|entry| entry["resource_id"].as_str().unwrap()).collect()
}

async fn verification(database: &Database, tenant: &str) -> Value {
    send(database, &application(tenant), "GET /audit/verify", &[], None).await.body
}
