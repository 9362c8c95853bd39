//! The router over a real database file, with callers injected where the guard would put them.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::{Extension, Router};
use portcullis_guard::Authenticated;
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};
use sqlx::SqlitePool;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{open_database, router};

fn application(tenant: &str) -> Caller {
    Caller {
        tenant: tenant.to_owned(),
        object_id: "service-principal".to_owned(),
        kind: CallerKind::Application,
        actor: Some("task-api-id".to_owned()),
        name: None,
        email: None,
        roles: vec!["AuditLog.Write".to_owned()],
        scopes: Vec::new(),
    }
}

fn report(resource: &str) -> Value {
    json!({ "action": "task_created", "resource_id": resource, "actor": "user-oid", "tenant_id": "user-tenant" })
}

async fn open() -> (SqlitePool, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (open_database(directory.path()).await.unwrap(), directory)
}

async fn answer(router: Router, line: &str, body: Option<Value>) -> (StatusCode, Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap())
}

async fn send(database: &SqlitePool, caller: &Caller, line: &str, body: Option<Value>) -> (StatusCode, Value) {
    let authenticated = Authenticated { caller: caller.clone(), token: None };
    answer(router(database.clone(), |api| api.layer(Extension(authenticated))), line, body).await
}

async fn append(database: &SqlitePool, caller: &Caller, resource: &str) -> String {
    let (status, logged) = send(database, caller, "POST /audit", Some(report(resource))).await;
    assert_eq!((status, &logged["status"]), (StatusCode::OK, &json!("logged")), "{logged}");
    logged["audit_id"].as_str().unwrap().to_owned()
}

async fn resources(database: &SqlitePool, caller: &Caller) -> Vec<String> {
    let (status, list) = send(database, caller, "GET /audit", None).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    list.as_array().unwrap().iter().map(|entry| entry["resource_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_entry_shows_what_was_reported_apart_from_what_was_proved() {
    let (database, _directory) = open().await;
    let id = append(&database, &application("t1"), "7").await;
    let (_, mut list) = send(&database, &application("t1"), "GET /audit", None).await;
    let entry = list[0].as_object_mut().unwrap();
    let timestamp: jiff::Timestamp = entry.remove("timestamp").unwrap().as_str().unwrap().parse().unwrap();
    assert!(timestamp.duration_until(jiff::Timestamp::now()).as_secs().abs() < 60);
    let expected = json!({
        "id": id, "action": "task_created", "resource_id": "7", "actor": "user-oid", "tenant_id": "user-tenant",
        "caller_app_id": "task-api-id", "caller_tenant_id": "t1",
    });
    assert_eq!(list[0], expected);
}

#[tokio::test]
async fn each_tenant_sees_the_last_fifty_of_its_own_applications_newest_first() {
    let (database, _directory) = open().await;
    for number in 1..=52 {
        append(&database, &application("t1"), &number.to_string()).await;
    }
    // It reports the other tenant's id; only where it comes from counts.
    append(&database, &application("t2"), "foreign").await;
    let expected: Vec<String> = (3..=52).rev().map(|number: i32| number.to_string()).collect();
    assert_eq!(resources(&database, &application("t1")).await, expected);
    assert_eq!(resources(&database, &application("t2")).await, ["foreign"]);
    assert!(resources(&database, &application("user-tenant")).await.is_empty());
}

#[tokio::test]
async fn only_an_application_with_the_role_and_a_name_passes() {
    let (database, _directory) = open().await;
    let allowed = application("t1");
    let user = Caller { kind: CallerKind::User, scopes: vec!["AuditLog.Write".to_owned()], ..allowed.clone() };
    let other_role = Caller { roles: vec!["Admin".to_owned(), "auditlog.write".to_owned()], ..allowed.clone() };
    let nameless = Caller { actor: None, ..allowed.clone() };
    for (caller, expected) in [(&user, 403), (&other_role, 403), (&nameless, 403), (&allowed, 200)] {
        for line in ["GET /audit", "POST /audit"] {
            let (status, answer) = send(&database, caller, line, Some(report("7"))).await;
            assert_eq!(status.as_u16(), expected, "{line} {caller:?}: {answer}");
        }
    }
    assert_eq!(resources(&database, &allowed).await.len(), 1);
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_the_trail() {
    let (database, _directory) = open().await;
    append(&database, &application("t1"), "7").await;
    for statement in [
        "UPDATE entries SET actor = 'somebody else'",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT sequence, id, 'other', resource_id, actor, tenant_id, caller_app_id,
         caller_tenant_id, timestamp FROM entries",
        "INSERT OR REPLACE INTO entries SELECT sequence + 1, id, 'other', resource_id, actor, tenant_id, caller_app_id,
         caller_tenant_id, timestamp FROM entries",
    ] {
        let error = sqlx::query(statement).execute(&database).await.unwrap_err();
        assert!(error.to_string().contains("audit entries cannot be"), "{statement}: {error}");
    }
    let (_, list) = send(&database, &application("t1"), "GET /audit", None).await;
    assert_eq!((&list[0]["action"], &list[0]["actor"]), (&json!("task_created"), &json!("user-oid")));
}

#[tokio::test]
async fn a_bad_body_stores_nothing() {
    let (database, _directory) = open().await;
    let with = |field: &str, value: Value| {
        let mut body = report("7");
        body[field] = value;
        body
    };
    for (body, expected) in [
        (with("action", json!("")), 422),
        (with("action", json!("a".repeat(65))), 422),
        (with("resource_id", json!(7)), 422),
        (with("actor", json!("a".repeat(129))), 422),
        (with("tenant_id", Value::Null), 422),
        (with("caller_app_id", json!("forged")), 422),
        (with("actor", json!("a".repeat(17 * 1024))), 413),
    ] {
        let (status, problem) = send(&database, &application("t1"), "POST /audit", Some(body.clone())).await;
        assert_eq!((status.as_u16(), &problem["status"]), (expected, &json!(expected)), "{body}");
    }
    assert!(resources(&database, &application("t1")).await.is_empty());
}

#[tokio::test]
async fn entries_outlive_the_process() {
    let (database, directory) = open().await;
    append(&database, &application("t1"), "kept").await;
    database.close().await;
    let reopened = open_database(directory.path()).await.unwrap();
    assert_eq!(resources(&reopened, &application("t1")).await, ["kept"]);
}

#[tokio::test]
async fn health_is_public_and_unknown_paths_and_methods_are_problems() {
    let (database, _directory) = open().await;
    for (line, expected, key, value) in [
        ("GET /health", 200, "service", "audit"),
        ("GET /nothing", 404, "reason", "route_not_found"),
        ("DELETE /audit", 405, "reason", "method_not_allowed"),
    ] {
        let (status, body) = answer(router(database.clone(), |api| api), line, None).await;
        assert_eq!((status.as_u16(), &body[key]), (expected, &json!(value)), "{line}");
    }
    let (status, _) = answer(router(database, |api| api), "GET /audit", None).await;
    assert!(!status.is_success(), "without a caller");
}
