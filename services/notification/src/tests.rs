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

fn user(tenant: &str, oid: &str) -> Caller {
    Caller {
        tenant: tenant.to_owned(),
        object_id: oid.to_owned(),
        kind: CallerKind::User,
        actor: Some("task-api".to_owned()),
        name: Some(format!("{oid} Müller")),
        email: Some(format!("{oid}@example.com")),
        roles: Vec::new(),
        scopes: vec!["Notify.Send".to_owned()],
    }
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

async fn notify(database: &SqlitePool, caller: &Caller, title: &str) -> Value {
    let body = json!({ "event": "task_created", "task_title": title });
    let (status, sent) = send(database, caller, "POST /notify", Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{sent}");
    sent
}

async fn titles(database: &SqlitePool, caller: &Caller) -> Vec<String> {
    let (status, list) = send(database, caller, "GET /notifications", None).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    list.as_array().unwrap().iter().map(|entry| entry["task_title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_notification_goes_to_the_caller_by_email_else_name_else_nobody() {
    let (database, _directory) = open().await;
    let with_email = user("t1", "alice");
    let with_name = Caller { email: None, ..with_email.clone() };
    let nameless = Caller { name: None, ..with_name.clone() };
    for (caller, to) in
        [(with_email, json!("alice@example.com")), (with_name, json!("alice Müller")), (nameless, Value::Null)]
    {
        let expected = json!({ "status": "sent", "to": to, "event": "task_created", "task_title": "Buy milk" });
        assert_eq!(notify(&database, &caller, "Buy milk").await, expected);
    }
}

#[tokio::test]
async fn what_is_stored_is_shown_with_who_and_when() {
    let (database, _directory) = open().await;
    let alice = user("t1", "alice");
    notify(&database, &alice, "Buy milk").await;
    let (_, mut list) = send(&database, &alice, "GET /notifications", None).await;
    let entry = list[0].as_object_mut().unwrap();
    let timestamp: jiff::Timestamp = entry.remove("timestamp").unwrap().as_str().unwrap().parse().unwrap();
    assert!(timestamp.duration_until(jiff::Timestamp::now()).as_secs().abs() < 60);
    assert!(entry.remove("id").unwrap().as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    let expected = json!({
        "event": "task_created", "task_title": "Buy milk", "to": "alice@example.com", "email": "alice@example.com",
        "user_oid": "alice", "tenant_id": "t1",
    });
    assert_eq!(list[0], expected);
}

#[tokio::test]
async fn each_user_of_each_tenant_sees_their_own_last_fifty_newest_first() {
    let (database, _directory) = open().await;
    let (alice, bob, namesake) = (user("t1", "alice"), user("t1", "bob"), user("t2", "alice"));
    for number in 1..=52 {
        notify(&database, &alice, &format!("task {number}")).await;
    }
    notify(&database, &bob, "of bob").await;
    let expected: Vec<String> = (3..=52).rev().map(|number| format!("task {number}")).collect();
    assert_eq!(titles(&database, &alice).await, expected);
    assert_eq!(titles(&database, &bob).await, ["of bob"]);
    assert!(titles(&database, &namesake).await.is_empty());
}

#[tokio::test]
async fn an_application_or_a_user_without_the_scope_is_refused() {
    let (database, _directory) = open().await;
    let alice = user("t1", "alice");
    let application = Caller { kind: CallerKind::Application, roles: vec!["Notify.Send".to_owned()], ..alice.clone() };
    let other_scope = Caller { scopes: vec!["access_as_user".to_owned()], ..alice.clone() };
    for caller in [application, other_scope] {
        for line in ["POST /notify", "GET /notifications"] {
            let body = json!({ "event": "task_created", "task_title": "x" });
            let (status, answer) = send(&database, &caller, line, Some(body)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{line}: {answer}");
        }
    }
    assert!(titles(&database, &alice).await.is_empty());
}

#[tokio::test]
async fn a_bad_body_stores_nothing() {
    let (database, _directory) = open().await;
    let alice = user("t1", "alice");
    for (body, expected) in [
        (json!({ "event": "", "task_title": "x" }), 422),
        (json!({ "event": "e".repeat(65), "task_title": "x" }), 422),
        (json!({ "event": "e", "task_title": "" }), 422),
        (json!({ "event": "e", "task_title": "x".repeat(201) }), 422),
        (json!({ "event": "e" }), 422),
        (json!({ "event": "e", "task_title": "x", "to": "bob@example.com" }), 422),
        (json!({ "event": "e", "task_title": "x".repeat(17 * 1024) }), 413),
    ] {
        let (status, problem) = send(&database, &alice, "POST /notify", Some(body.clone())).await;
        assert_eq!((status.as_u16(), &problem["status"]), (expected, &json!(expected)), "{body}");
    }
    assert!(titles(&database, &alice).await.is_empty());
}

#[tokio::test]
async fn notifications_outlive_the_process() {
    let (database, directory) = open().await;
    let alice = user("t1", "alice");
    notify(&database, &alice, "kept").await;
    database.close().await;
    let reopened = open_database(directory.path()).await.unwrap();
    assert_eq!(titles(&reopened, &alice).await, ["kept"]);
}

#[tokio::test]
async fn health_is_public_and_unknown_paths_and_methods_are_problems() {
    let (database, _directory) = open().await;
    for (line, expected, key, value) in [
        ("GET /health", 200, "service", "notification"),
        ("GET /nothing", 404, "reason", "route_not_found"),
        ("DELETE /notifications", 405, "reason", "method_not_allowed"),
    ] {
        let (status, body) = answer(router(database.clone(), |api| api), line, None).await;
        assert_eq!((status.as_u16(), &body[key]), (expected, &json!(value)), "{line}");
    }
    let (status, _) = answer(router(database, |api| api), "GET /notifications", None).await;
    assert!(!status.is_success(), "without a caller");
}
