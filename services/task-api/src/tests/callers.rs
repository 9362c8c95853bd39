use dev_service::{PublicRoutes, on_both};
use portcullis_token::{Caller, CallerKind};
use serde_json::json;

use super::service::{Service, caller};

/// A caller whom no operation admits.
struct Denied {
    name: &'static str,
    caller: Caller,
    reason: &'static str,
}

on_both! {
    async fn defect_7_application_or_token_with_another_scope_is_denied(backend) {
        let service = Service::start(backend).await;
        for Denied {
            name,
            caller,
            reason,
        } in [
            Denied {
                name: "application",
                caller: Caller {
                    kind: CallerKind::Application,
                    ..caller("t1", "app", &["Admin"])
                },
                reason: "caller_kind_not_allowed",
            },
            Denied {
                name: "user with another scope",
                caller: Caller {
                    scopes: vec!["Notify.Send".to_owned()],
                    ..caller("t1", "u", &["Admin"])
                },
                reason: "scope_missing",
            },
        ] {
            for line in [
                "GET /api/me",
                "GET /api/tasks",
                "GET /api/tasks/1",
                "POST /api/tasks",
                "PATCH /api/tasks/1",
                "DELETE /api/tasks/1",
            ] {
                service
                    .send(&caller, line, Some(json!({ "title": "x" })))
                    .await
                    .assert_problem(403, reason, &format!("{name}: {line}"));
            }
        }
        assert!(
            service
                .titles(&caller("t1", "admin", &["Admin"]))
                .await
                .is_empty()
        );
    }

    async fn only_health_and_the_document_are_public(backend) {
        let service = Service::start(backend).await;
        let routes = PublicRoutes {
            service: "task-api",
            unknown_path: "GET /api/nothing",
            other_method: "PUT /api/tasks",
            protected: &["GET /api/me", "GET /api/tasks", "GET /api/tasks/1"],
        };
        routes.check(|| service.public()).await;
    }
}
