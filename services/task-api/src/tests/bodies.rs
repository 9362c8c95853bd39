use dev_service::on_both;
use serde_json::{Value, json};

use super::service::{Service, caller, without_token};

on_both! {
    async fn defect_14_invalid_body_is_not_stored_and_its_field_is_named(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let id = service.create(&editor, "before").await;
        let create = "POST /api/tasks".to_owned();
        let update = format!("PATCH /api/tasks/{id}");
        for (line, body, status, field) in [
            (&create, json!({ "title": "" }), 422, json!("title")),
            (&create, json!({ "title": "   " }), 422, json!("title")),
            (
                &create,
                json!({ "title": "x".repeat(201) }),
                422,
                json!("title"),
            ),
            (&create, json!({ "title": "nul\u{0}" }), 422, json!("title")),
            (&create, json!({ "title": 7 }), 422, json!("title")),
            (&create, json!({ "title": null }), 422, json!("title")),
            (&create, json!({}), 422, json!("title")),
            (
                &create,
                json!({ "title": "x", "owner_id": "bob" }),
                422,
                json!("owner_id"),
            ),
            (
                &create,
                json!({ "title": "x".repeat(17 * 1024) }),
                413,
                Value::Null,
            ),
            (&update, json!({ "title": "" }), 422, json!("title")),
            (
                &update,
                json!({ "completed": "yes" }),
                422,
                json!("completed"),
            ),
            (&update, json!({ "completed": 1 }), 422, json!("completed")),
            (
                &update,
                json!({ "tenant_id": "t2" }),
                422,
                json!("tenant_id"),
            ),
        ] {
            let answer = service.send(&editor, line, Some(body.clone())).await;
            assert_eq!(
                (answer.status, &answer.body["field"]),
                (status, &field),
                "{line} {body}: {answer:?}"
            );
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{line} {body}"
            );
        }
        assert_eq!(service.titles(&editor).await, ["before"]);
    }

    async fn missing_body_and_invalid_key_have_their_own_problems(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let no_body = service.send(&editor, "POST /api/tasks", None).await;
        assert_eq!(
            (no_body.status, &no_body.body["reason"]),
            (400, &json!("body_not_json"))
        );
        let key = [("idempotency-key", "two words")];
        let body = Some(json!({ "title": "x" }));
        let bad_key = service
            .send_as(without_token(&editor), "POST /api/tasks", &key, body)
            .await;
        assert_eq!(
            (bad_key.status, &bad_key.body["field"]),
            (422, &json!("Idempotency-Key"))
        );
    }

    async fn valid_title_is_returned_unchanged(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "o'brien", &["Editor"]);
        for title in [
            "'; DROP TABLE tasks; --",
            "größe 😀",
            "$1 %s \\ \"",
            "a\u{202e}b\u{10ffff}",
        ] {
            let created = service
                .send(&editor, "POST /api/tasks", Some(json!({ "title": title })))
                .await;
            assert_eq!(
                (created.status, &created.body["title"]),
                (201, &json!(title)),
                "{created:?}"
            );
            assert_eq!(
                service.task(&editor, &created.body["id"]).await["title"],
                title
            );
        }
    }
}
