use dev_service::on_both;
use serde_json::json;

use super::service::{Service, caller};

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
                service
                    .send(&admin, &line, Some(json!({ "completed": true })))
                    .await
                    .assert_problem(404, "task_not_found", &line);
            }
        }
    }
}
