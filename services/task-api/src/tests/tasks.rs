use dev_service::on_both;
use serde_json::json;

use super::service::{Service, caller, without_token};

on_both! {
    async fn owner_id_is_shown_only_to_an_admin(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let admin = caller("t1", "admin", &["Admin"]);
        let id = service.create(&editor, "task").await;
        let mut expected = json!({
            "id": id, "title": "task", "completed": false, "owner_name": "editor Müller",
            "tenant_id": "t1", "version": 1, "notification_status": "failed",
            "notification_reason": "no_user_token", "audit_status": "pending",
        });
        assert_eq!(
            service.send(&editor, "GET /api/tasks", None).await.body,
            json!([expected])
        );
        assert_eq!(service.task(&editor, &json!(id)).await, expected);
        expected["owner_id"] = json!("editor");
        assert_eq!(
            service.send(&admin, "GET /api/tasks", None).await.body,
            json!([expected])
        );
        assert_eq!(
            service
                .send(&admin, &format!("PATCH /api/tasks/{id}"), Some(json!({})))
                .await
                .body,
            expected
        );
    }

    async fn defect_6_missing_task_is_404_for_every_method_and_id(backend) {
        let service = Service::start(backend).await;
        let admin = caller("t1", "admin", &["Admin"]);
        for path in [
            "/api/tasks/999",
            "/api/tasks/abc",
            "/api/tasks/-1",
            "/api/tasks/99999999999999999999",
        ] {
            for method in ["GET", "PATCH", "DELETE"] {
                let line = format!("{method} {path}");
                let answer = service
                    .send(&admin, &line, Some(json!({ "completed": true })))
                    .await;
                assert_eq!(
                    (answer.status, &answer.body["reason"]),
                    (404, &json!("task_not_found")),
                    "{line}"
                );
            }
        }
    }

    async fn edit_of_an_old_version_is_rejected(backend) {
        let service = Service::start(backend).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let id = service.create(&admin, "first").await;
        let path = format!("/api/tasks/{id}");
        let read = service.send(&admin, &format!("GET {path}"), None).await;
        assert_eq!(
            (read.header("etag"), &read.body["version"]),
            (Some("\"1\""), &json!(1))
        );
        for (method, condition, title, status, etag) in [
            ("PATCH", "\"1\"", "second", 200, "\"2\""),
            ("PATCH", "\"1\"", "lost", 412, "\"2\""),
            ("DELETE", "\"1\"", "lost", 412, "\"2\""),
            // A weak tag never matches (RFC 9110 §13.1.1).
            ("PATCH", "W/\"2\"", "lost", 412, "\"2\""),
            ("PATCH", "\"7\", \"2\"", "third", 200, "\"3\""),
            ("PATCH", "*", "fourth", 200, "\"4\""),
        ] {
            let line = format!("{method} {path}");
            let body = Some(json!({ "title": title }));
            let answer = service
                .send_as(
                    without_token(&admin),
                    &line,
                    &[("if-match", condition)],
                    body,
                )
                .await;
            assert_eq!(
                (answer.status, answer.header("etag")),
                (status, Some(etag)),
                "{line} {condition}"
            );
            if status == 412 {
                assert_eq!(answer.body["reason"], "task_changed");
            }
        }
        assert_eq!(service.titles(&admin).await, ["fourth"]);
        let last = service
            .send_as(
                without_token(&admin),
                &format!("DELETE {path}"),
                &[("if-match", "\"4\"")],
                None,
            )
            .await;
        assert_eq!(
            (last.status, &last.body["status"]),
            (200, &json!("deleted"))
        );
    }

    async fn delivery_does_not_change_the_etag(backend) {
        use crate::downstream::fake_servers::{Answer, FakeServers};
        let fake = FakeServers::new(Answer::Success, Answer::Fault);
        let service = Service::with_fake(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let id = json!(service.create(&editor, "task").await);
        fake.turn(Answer::Success);
        service.until(&editor, &id, ("failed", "logged")).await;
        let line = format!("PATCH /api/tasks/{id}");
        let body = Some(json!({ "completed": true }));
        let answer = service
            .send_as(
                without_token(&editor),
                &line,
                &[("if-match", "\"1\"")],
                body,
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
