//! The router over a real database file, with callers injected where the guard would put them.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::{Extension, Router};
use portcullis_guard::{Authenticated, BearerToken};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::downstream::fake_servers::{Answer, FakeServers, unreachable_services};
use crate::{AppState, Downstream, open_database, router};

fn caller(tenant: &str, oid: &str, roles: &[&str]) -> Caller {
    Caller {
        tenant: tenant.to_owned(),
        object_id: oid.to_owned(),
        kind: CallerKind::User,
        actor: Some("spa".to_owned()),
        name: Some(format!("{oid} Müller")),
        email: Some(format!("{oid}@example.com")),
        roles: roles.iter().map(ToString::to_string).collect(),
        scopes: vec!["access_as_user".to_owned()],
    }
}

struct Service {
    state: AppState,
    directory: TempDir,
}

/// A caller without a token, so that nothing can be done on their behalf, unless a test says otherwise.
fn authenticated(caller: &Caller) -> Authenticated {
    Authenticated { caller: caller.clone(), token: None }
}

fn request(line: &str, body: Option<Value>) -> Request<Body> {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
}

impl Service {
    async fn start() -> Self {
        Self::open(tempfile::tempdir().unwrap(), unreachable_services().await).await
    }

    async fn telling(fake: &FakeServers) -> Self {
        Self::open(tempfile::tempdir().unwrap(), fake.start().await).await
    }

    async fn open(directory: TempDir, downstream: Downstream) -> Self {
        let database = open_database(directory.path()).await.unwrap();
        Self { state: AppState::new(database, downstream), directory }
    }

    fn router(&self, authenticated: Authenticated) -> Router {
        router(self.state.clone(), |api| api.layer(Extension(authenticated)))
    }

    /// Sends `method path` with an optional body, and returns the status with the JSON answer.
    async fn send(&self, caller: &Caller, line: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.send_as(authenticated(caller), line, body).await
    }

    async fn send_as(&self, caller: Authenticated, line: &str, body: Option<Value>) -> (StatusCode, Value) {
        let response = self.router(caller).oneshot(request(line, body)).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn create(&self, caller: &Caller, title: &str) -> i64 {
        let (status, task) = self.send(caller, "POST /api/tasks", Some(json!({ "title": title }))).await;
        assert_eq!(status, StatusCode::OK, "{task}");
        task["id"].as_i64().unwrap()
    }

    async fn titles(&self, caller: &Caller) -> Vec<String> {
        let (status, tasks) = self.send(caller, "GET /api/tasks", None).await;
        assert_eq!(status, StatusCode::OK, "{tasks}");
        tasks.as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn each_role_may_do_what_it_may_and_no_more() {
    let service = Service::start().await;
    let owner = caller("t1", "owner", &["Editor"]);
    for (roles, me, list, create, update, delete) in [
        (&["Admin"][..], 200, 200, 200, 200, 200),
        (&["Editor"], 200, 200, 200, 200, 403),
        (&["Reader"], 200, 200, 403, 403, 403),
        (&["Reader", "Editor"], 200, 200, 200, 200, 403),
        (&["admin"], 200, 403, 403, 403, 403),
        (&[], 200, 403, 403, 403, 403),
    ] {
        let id = service.create(&owner, "own task").await;
        let user = caller("t1", "owner", roles);
        let title = json!({ "title": "new" });
        for (line, body, expected) in [
            ("GET /api/me".to_owned(), None, me),
            ("GET /api/tasks".to_owned(), None, list),
            ("POST /api/tasks".to_owned(), Some(title.clone()), create),
            (format!("PATCH /api/tasks/{id}"), Some(title), update),
            (format!("DELETE /api/tasks/{id}"), None, delete),
        ] {
            let (status, answer) = service.send(&user, &line, body).await;
            assert_eq!(status.as_u16(), expected, "{roles:?} {line}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_missing_role_is_explained() {
    let service = Service::start().await;
    let (status, problem) =
        service.send(&caller("t1", "r", &["Reader"]), "POST /api/tasks", Some(json!({ "title": "x" }))).await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(["Admin", "Editor", "Reader"].iter().all(|role| detail.contains(role)), "{detail}");
}

#[tokio::test]
async fn an_application_or_a_token_for_something_else_reaches_nothing() {
    let service = Service::start().await;
    let application = Caller { kind: CallerKind::Application, ..caller("t1", "app", &["Admin"]) };
    let other_scope = Caller { scopes: vec!["Notify.Send".to_owned()], ..caller("t1", "u", &["Admin"]) };
    for caller in [application, other_scope] {
        for line in ["GET /api/me", "GET /api/tasks", "POST /api/tasks", "PATCH /api/tasks/1", "DELETE /api/tasks/1"] {
            let (status, answer) = service.send(&caller, line, Some(json!({ "title": "x" }))).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{line}: {answer}");
        }
    }
    assert!(service.titles(&caller("t1", "admin", &["Admin"])).await.is_empty());
}

#[tokio::test]
async fn me_is_what_the_token_says() {
    let service = Service::start().await;
    let user =
        Caller { scopes: vec!["access_as_user".to_owned(), "other".to_owned()], ..caller("t1", "u1", &["Editor"]) };
    let (_, profile) = service.send(&user, "GET /api/me", None).await;
    let expected = json!({
        "id": "u1", "name": "u1 Müller", "email": "u1@example.com", "tenant_id": "t1",
        "roles": ["Editor"], "scopes": "access_as_user other",
    });
    assert_eq!(profile, expected);
}

#[tokio::test]
async fn tasks_are_kept_apart_by_user_and_tenant() {
    let service = Service::start().await;
    let (alice, bob) = (caller("t1", "alice", &["Editor"]), caller("t1", "bob", &["Editor"]));
    // The same object id in another tenant is another person.
    let namesake = caller("t2", "alice", &["Editor"]);
    let (admin, foreign_admin) = (caller("t1", "admin", &["Admin"]), caller("t2", "admin", &["Admin"]));
    let id = service.create(&alice, "of alice").await;
    service.create(&bob, "of bob").await;
    assert_eq!(service.titles(&alice).await, ["of alice"]);
    assert_eq!(service.titles(&bob).await, ["of bob"]);
    assert_eq!(service.titles(&admin).await, ["of alice", "of bob"]);
    assert!(service.titles(&namesake).await.is_empty() && service.titles(&foreign_admin).await.is_empty());

    for (stranger, method) in
        [(&bob, "PATCH"), (&namesake, "PATCH"), (&foreign_admin, "PATCH"), (&foreign_admin, "DELETE")]
    {
        let (status, problem) =
            service.send(stranger, &format!("{method} /api/tasks/{id}"), Some(json!({ "title": "mine" }))).await;
        assert_eq!((status, &problem["reason"]), (StatusCode::NOT_FOUND, &json!("task_not_found")), "{method}");
    }
    assert_eq!(service.titles(&alice).await, ["of alice"]);
    let (status, task) =
        service.send(&admin, &format!("PATCH /api/tasks/{id}"), Some(json!({ "completed": true }))).await;
    assert_eq!((status, &task["completed"], &task["title"]), (StatusCode::OK, &json!(true), &json!("of alice")));
}

#[tokio::test]
async fn only_an_admin_is_told_whose_a_task_is() {
    let service = Service::start().await;
    let (editor, admin) = (caller("t1", "editor", &["Editor"]), caller("t1", "admin", &["Admin"]));
    let id = service.create(&editor, "task").await;
    let mut expected = json!({
        "id": id, "title": "task", "completed": false, "owner_name": "editor Müller", "tenant_id": "t1",
        "notification_status": "unknown", "audit_status": "failed",
    });
    assert_eq!(service.send(&editor, "GET /api/tasks", None).await.1, json!([expected]));
    expected["owner_id"] = json!("editor");
    assert_eq!(service.send(&admin, "GET /api/tasks", None).await.1, json!([expected]));
    assert_eq!(service.send(&admin, &format!("PATCH /api/tasks/{id}"), Some(json!({}))).await.1, expected);
}

#[tokio::test]
async fn a_missing_task_is_a_404_for_every_method_and_kind_of_id() {
    let service = Service::start().await;
    let admin = caller("t1", "admin", &["Admin"]);
    for path in ["/api/tasks/999", "/api/tasks/abc", "/api/tasks/-1", "/api/tasks/99999999999999999999"] {
        for method in ["PATCH", "DELETE"] {
            let (status, problem) =
                service.send(&admin, &format!("{method} {path}"), Some(json!({ "completed": true }))).await;
            assert_eq!(
                (status, &problem["reason"]),
                (StatusCode::NOT_FOUND, &json!("task_not_found")),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_bad_body_stores_nothing() {
    let service = Service::start().await;
    let editor = caller("t1", "editor", &["Editor"]);
    let id = service.create(&editor, "before").await;
    let create = "POST /api/tasks".to_owned();
    let update = format!("PATCH /api/tasks/{id}");
    for (line, body, expected) in [
        (&create, json!({ "title": "" }), 422),
        (&create, json!({ "title": "   " }), 422),
        (&create, json!({ "title": "x".repeat(201) }), 422),
        (&create, json!({ "title": 7 }), 422),
        (&create, json!({}), 422),
        (&create, json!({ "title": "x", "owner_id": "bob" }), 422),
        (&create, json!({ "title": "x".repeat(17 * 1024) }), 413),
        (&update, json!({ "title": "" }), 422),
        (&update, json!({ "completed": "yes" }), 422),
        (&update, json!({ "completed": 1 }), 422),
        (&update, json!({ "tenant_id": "t2" }), 422),
    ] {
        let (status, problem) = service.send(&editor, line, Some(body.clone())).await;
        assert_eq!((status.as_u16(), &problem["status"]), (expected, &json!(expected)), "{line} {body}");
    }
    assert_eq!(service.titles(&editor).await, ["before"]);
}

#[tokio::test]
async fn tasks_and_statuses_outlive_the_process() {
    let first = Service::start().await;
    let (editor, admin) = (caller("t1", "editor", &["Editor"]), caller("t1", "admin", &["Admin"]));
    let id = first.create(&editor, "kept").await;
    let deleted = first.create(&editor, "deleted").await;
    let (status, answer) = first.send(&admin, &format!("DELETE /api/tasks/{deleted}"), None).await;
    assert_eq!(
        (status, &answer["status"], &answer["audit_status"]),
        (StatusCode::OK, &json!("deleted"), &json!("failed"))
    );
    let (_, before) = first.send(&editor, "GET /api/tasks", None).await;
    let Service { state, directory } = first;
    drop(state);

    let second = Service::open(directory, unreachable_services().await).await;
    let (_, after) = second.send(&editor, "GET /api/tasks", None).await;
    assert_eq!((&after, &after[0]["id"], &after[0]["audit_status"]), (&before, &json!(id), &json!("failed")));
    // Audit entries name tasks by id, so the id of a deleted task must not come back.
    assert!(second.create(&editor, "next").await > deleted);
}

#[tokio::test]
async fn each_change_is_told_once_and_its_statuses_are_kept() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let service = Service::telling(&fake).await;
    let admin = caller("t1", "admin", &["Admin"]);
    let with_token =
        || Authenticated { token: Some(BearerToken::new("user-token".to_owned())), ..authenticated(&admin) };
    let (_, created) = service.send_as(with_token(), "POST /api/tasks", Some(json!({ "title": "task" }))).await;
    let statuses = |task: &Value| (task["notification_status"].clone(), task["audit_status"].clone());
    assert_eq!(statuses(&created), (json!("sent"), json!("logged")));
    let path = format!("/api/tasks/{}", created["id"]);
    let (_, unchanged) = service.send(&admin, &format!("PATCH {path}"), Some(json!({}))).await;
    let (_, list) = service.send(&admin, "GET /api/tasks", None).await;
    assert_eq!((&unchanged, &list[0]), (&created, &created));

    // The statuses are those of the last change: this one comes without the user's token.
    let (_, updated) = service.send(&admin, &format!("PATCH {path}"), Some(json!({ "completed": true }))).await;
    let (_, list) = service.send(&admin, "GET /api/tasks", None).await;
    assert_eq!((statuses(&updated), &list[0]), ((json!("unknown"), json!("logged")), &updated));
    service.send(&admin, &format!("DELETE {path}"), None).await;
    let actions: Vec<Value> = fake.requests("audit").iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["task_created", "task_updated", "task_deleted"]);
}

#[tokio::test]
async fn what_did_not_happen_is_not_audited() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let service = Service::telling(&fake).await;
    let (admin, reader) = (caller("t1", "admin", &["Admin"]), caller("t1", "reader", &["Reader"]));
    for (caller, line) in [
        (&admin, "DELETE /api/tasks/1"),
        (&admin, "PATCH /api/tasks/1"),
        (&reader, "POST /api/tasks"),
        (&reader, "DELETE /api/tasks/1"),
    ] {
        let (status, _) = service.send(caller, line, Some(json!({ "title": "x" }))).await;
        assert!(status.is_client_error(), "{line}: {status}");
    }
    assert!(fake.requests("audit").is_empty() && fake.requests("notify").is_empty());
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_escape_the_audit() {
    let fake = FakeServers::new(Answer::Success, Answer::Success);
    let service = Service::telling(&fake).await;
    let editor = caller("t1", "editor", &["Editor"]);
    let create =
        service.router(authenticated(&editor)).oneshot(request("POST /api/tasks", Some(json!({ "title": "task" }))));
    // Polled once, then dropped, as a server does when the connection closes.
    assert!(tokio::time::timeout(Duration::ZERO, create).await.is_err());
    let audited = async {
        while fake.requests("audit").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), audited).await.unwrap();
    assert_eq!(service.titles(&editor).await, ["task"]);
}

#[tokio::test]
async fn health_is_public_and_unknown_paths_and_methods_are_problems() {
    let service = Service::start().await;
    let public = router(service.state.clone(), |api| api);
    for (method, path, expected, key, value) in [
        ("GET", "/health", 200, "service", "task-api"),
        ("GET", "/api/nothing", 404, "reason", "route_not_found"),
        ("PUT", "/api/tasks", 405, "reason", "method_not_allowed"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = public.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{method} {path}");
        assert_eq!(response.headers().contains_key("allow"), expected == 405, "{method} {path}");
        let answer: Value = serde_json::from_slice(&to_bytes(response.into_body(), 4096).await.unwrap()).unwrap();
        assert_eq!(answer[key], value, "{method} {path}");
    }
    for path in ["/api/me", "/api/tasks"] {
        let response = public.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert!(!response.status().is_success(), "{path} without a caller");
    }
}
