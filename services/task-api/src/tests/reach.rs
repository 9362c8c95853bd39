use dev_service::on_both;
use portcullis_token::Caller;
use serde_json::json;

use super::service::{Service, caller};

/// A user who does not reach a task, and the methods with which the user tries.
struct Stranger<'a> {
    name: &'static str,
    caller: &'a Caller,
    methods: &'static [&'static str],
}

on_both! {
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

        for Stranger {
            name,
            caller,
            methods,
        } in [
            Stranger {
                name: "another user",
                caller: &bob,
                methods: &["GET", "PATCH"],
            },
            Stranger {
                name: "the same object id in another tenant",
                caller: &namesake,
                methods: &["GET", "PATCH"],
            },
            Stranger {
                name: "admin of another tenant",
                caller: &foreign_admin,
                methods: &["GET", "PATCH", "DELETE"],
            },
        ] {
            for method in methods {
                service
                    .send(
                        caller,
                        &format!("{method} /api/tasks/{id}"),
                        Some(json!({ "title": "mine" })),
                    )
                    .await
                    .assert_problem(404, "task_not_found", &format!("{name}: {method}"));
            }
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
}
