use dev_service::{InvalidMember, on_both};
use serde_json::{Value, json};

use super::service::{Service, caller, without_token};

/// Members of a task to create.
fn new_tasks() -> [InvalidMember; 7] {
    [
        InvalidMember {
            name: "empty title",
            field: "title",
            value: json!(""),
        },
        InvalidMember {
            name: "title of blanks",
            field: "title",
            value: json!("   "),
        },
        InvalidMember {
            name: "long title",
            field: "title",
            value: json!("x".repeat(201)),
        },
        InvalidMember {
            name: "U+0000 in the title",
            field: "title",
            value: json!("nul\u{0}"),
        },
        InvalidMember {
            name: "number as title",
            field: "title",
            value: json!(7),
        },
        InvalidMember {
            name: "null as title",
            field: "title",
            value: Value::Null,
        },
        InvalidMember {
            name: "owner in the body",
            field: "owner_id",
            value: json!("bob"),
        },
    ]
}

/// Members of a change.
fn changes() -> [InvalidMember; 4] {
    [
        InvalidMember {
            name: "empty title",
            field: "title",
            value: json!(""),
        },
        InvalidMember {
            name: "string as completion",
            field: "completed",
            value: json!("yes"),
        },
        InvalidMember {
            name: "number as completion",
            field: "completed",
            value: json!(1),
        },
        InvalidMember {
            name: "tenant in the body",
            field: "tenant_id",
            value: json!("t2"),
        },
    ]
}

on_both! {
    async fn defect_14_invalid_body_is_not_stored_and_its_field_is_named(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let id = service.create(&editor, "before").await;
        for member in new_tasks() {
            let body = member.of(json!({ "title": "x" }));
            service
                .send(&editor, "POST /api/tasks", Some(body))
                .await
                .assert_invalid(member.field, member.name);
        }
        service
            .send(&editor, "POST /api/tasks", Some(json!({})))
            .await
            .assert_invalid("title", "no title");
        let huge = json!({ "title": "x".repeat(17 * 1024) });
        let answer = service.send(&editor, "POST /api/tasks", Some(huge)).await;
        assert_eq!((answer.status, &answer.body["field"]), (413, &Value::Null));
        for member in changes() {
            service
                .send(
                    &editor,
                    &format!("PATCH /api/tasks/{id}"),
                    Some(member.of(json!({}))),
                )
                .await
                .assert_invalid(member.field, member.name);
        }
        assert_eq!(service.titles(&editor).await, ["before"]);
    }

    async fn missing_body_and_invalid_key_have_their_own_problems(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let no_body = service.send(&editor, "POST /api/tasks", None).await;
        no_body.assert_problem(400, "body_not_json", "no body");
        let key = [("idempotency-key", "two words")];
        let body = Some(json!({ "title": "x" }));
        let bad_key = service
            .send_as(without_token(&editor), "POST /api/tasks", &key, body)
            .await;
        bad_key.assert_invalid("Idempotency-Key", "key with a blank");
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
