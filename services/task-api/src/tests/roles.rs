use axum::body::{Body, to_bytes};
use axum::http::Request;
use dev_service::on_both;
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::service::{Service, caller};

on_both! {
    async fn role_allows_only_its_operations(backend) {
        let service = Service::start(backend).await;
        let owner = caller("t1", "owner", &["Editor"]);
        for (roles, me, list, create, update, delete) in [
            (&["Admin"][..], 200, 200, 201, 200, 200),
            (&["Editor"], 200, 200, 201, 200, 403),
            (&["Reader"], 200, 200, 403, 403, 403),
            (&["Reader", "Editor"], 200, 200, 201, 200, 403),
            (&["admin"], 200, 403, 403, 403, 403),
            (&[], 200, 403, 403, 403, 403),
        ] {
            let id = service.create(&owner, "own task").await;
            let user = caller("t1", "owner", roles);
            let title = json!({ "title": "new" });
            for (line, body, expected) in [
                ("GET /api/me".to_owned(), None, me),
                ("GET /api/tasks".to_owned(), None, list),
                (format!("GET /api/tasks/{id}"), None, list),
                ("POST /api/tasks".to_owned(), Some(title.clone()), create),
                (format!("PATCH /api/tasks/{id}"), Some(title), update),
                (format!("DELETE /api/tasks/{id}"), None, delete),
            ] {
                let answer = service.send(&user, &line, body).await;
                assert_eq!(answer.status, expected, "{roles:?} {line}: {answer:?}");
            }
        }
    }

    async fn defect_11_missing_role_is_a_403_that_names_the_roles(backend) {
        let service = Service::start(backend).await;
        let reader = caller("t1", "r", &["Reader"]);
        let answer = service
            .send(&reader, "POST /api/tasks", Some(json!({ "title": "x" })))
            .await;
        let detail = answer.body["detail"].as_str().unwrap();
        assert_eq!(
            (answer.status, &answer.body["reason"]),
            (403, &json!("role_missing"))
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert!(
            ["Admin", "Editor", "Reader"]
                .iter()
                .all(|role| detail.contains(role)),
            "{detail}"
        );
    }

    async fn defect_7_application_or_token_with_another_scope_is_denied(backend) {
        let service = Service::start(backend).await;
        let application = Caller {
            kind: CallerKind::Application,
            ..caller("t1", "app", &["Admin"])
        };
        let other_scope = Caller {
            scopes: vec!["Notify.Send".to_owned()],
            ..caller("t1", "u", &["Admin"])
        };
        for (caller, reason) in [
            (application, "caller_kind_not_allowed"),
            (other_scope, "scope_missing"),
        ] {
            for line in [
                "GET /api/me",
                "GET /api/tasks",
                "GET /api/tasks/1",
                "POST /api/tasks",
                "PATCH /api/tasks/1",
                "DELETE /api/tasks/1",
            ] {
                let answer = service
                    .send(&caller, line, Some(json!({ "title": "x" })))
                    .await;
                assert_eq!(
                    (answer.status, &answer.body["reason"]),
                    (403, &json!(reason)),
                    "{line}: {answer:?}"
                );
            }
        }
        assert!(
            service
                .titles(&caller("t1", "admin", &["Admin"]))
                .await
                .is_empty()
        );
    }

    async fn defect_15_user_without_a_role_sees_the_own_profile(backend) {
        let service = Service::start(backend).await;
        let user = Caller {
            scopes: vec!["access_as_user".to_owned(), "other".to_owned()],
            ..caller("t1", "u1", &[])
        };
        let expected = json!({
            "id": "u1", "name": "u1 Müller", "email": "u1@example.com", "tenant_id": "t1",
            "roles": [], "scopes": "access_as_user other",
        });
        assert_eq!(
            service.send(&user, "GET /api/me", None).await.body,
            expected
        );
    }

    async fn user_reaches_only_own_tasks_and_admin_only_the_tenant(backend) {
        let service = Service::start(backend).await;
        let alice = caller("t1", "alice", &["Editor"]);
        let bob = caller("t1", "bob", &["Editor"]);
        // The same object id in another tenant is another person.
        let namesake = caller("t2", "alice", &["Editor"]);
        let admin = caller("t1", "admin", &["Admin"]);
        let foreign_admin = caller("t2", "admin", &["Admin"]);
        let id = service.create(&alice, "of alice").await;
        service.create(&bob, "of bob").await;
        assert_eq!(service.titles(&alice).await, ["of alice"]);
        assert_eq!(service.titles(&bob).await, ["of bob"]);
        assert_eq!(service.titles(&admin).await, ["of alice", "of bob"]);
        assert!(
            service.titles(&namesake).await.is_empty()
                && service.titles(&foreign_admin).await.is_empty()
        );

        for (stranger, method) in [
            (&bob, "GET"),
            (&bob, "PATCH"),
            (&namesake, "GET"),
            (&namesake, "PATCH"),
            (&foreign_admin, "GET"),
            (&foreign_admin, "PATCH"),
            (&foreign_admin, "DELETE"),
        ] {
            let line = format!("{method} /api/tasks/{id}");
            let answer = service
                .send(stranger, &line, Some(json!({ "title": "mine" })))
                .await;
            assert_eq!(
                (answer.status, &answer.body["reason"]),
                (404, &json!("task_not_found")),
                "{line}"
            );
        }
        assert_eq!(service.titles(&alice).await, ["of alice"]);
        let line = format!("PATCH /api/tasks/{id}");
        let answer = service
            .send(&admin, &line, Some(json!({ "completed": true })))
            .await;
        assert_eq!(
            (
                answer.status,
                &answer.body["completed"],
                &answer.body["title"]
            ),
            (200, &json!(true), &json!("of alice"))
        );
    }

    async fn only_health_and_the_document_are_public(backend) {
        let service = Service::start(backend).await;
        for (method, path, expected, key, value) in [
            ("GET", "/health", 200, "service", json!("task-api")),
            ("GET", "/openapi.json", 200, "openapi", json!("3.1.0")),
            (
                "GET",
                "/api/nothing",
                404,
                "reason",
                json!("route_not_found"),
            ),
            (
                "PUT",
                "/api/tasks",
                405,
                "reason",
                json!("method_not_allowed"),
            ),
        ] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .body(Body::empty())
                .unwrap();
            let response = service.public().oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), expected, "{method} {path}");
            assert_eq!(
                response.headers().contains_key("allow"),
                expected == 405,
                "{method} {path}"
            );
            let answer: Value =
                serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap())
                    .unwrap();
            assert_eq!(answer[key], value, "{method} {path}");
        }
        for path in ["/api/me", "/api/tasks", "/api/tasks/1"] {
            let response = service
                .public()
                .oneshot(Request::get(path).body(Body::empty()).unwrap())
                .await
                .unwrap();
            assert!(!response.status().is_success(), "{path} without a caller");
        }
    }
}
