use dev_service::on_both;
use serde_json::json;

use super::service::{Service, caller, without_token};
use crate::downstream::fake_servers::{Answer, FakeServers};

/// A change with `If-Match`, and the status and entity tag of its answer.
struct Edit {
    name: &'static str,
    method: &'static str,
    /// Each line of the header.
    if_match: &'static [&'static str],
    title: &'static str,
    status: u16,
    etag: &'static str,
}

const EDITS: [Edit; 11] = [
    Edit {
        name: "present version",
        method: "PATCH",
        if_match: &["\"1\""],
        title: "second",
        status: 200,
        etag: "\"2\"",
    },
    Edit {
        name: "old version",
        method: "PATCH",
        if_match: &["\"1\""],
        title: "lost",
        status: 412,
        etag: "\"2\"",
    },
    Edit {
        name: "deletion of an old version",
        method: "DELETE",
        if_match: &["\"1\""],
        title: "lost",
        status: 412,
        etag: "\"2\"",
    },
    Edit {
        // It never matches (RFC 9110 §13.1.1).
        name: "weak tag",
        method: "PATCH",
        if_match: &["W/\"2\""],
        title: "lost",
        status: 412,
        etag: "\"2\"",
    },
    Edit {
        name: "version without quotes",
        method: "PATCH",
        if_match: &["2"],
        title: "lost",
        status: 412,
        etag: "\"2\"",
    },
    Edit {
        name: "empty list",
        method: "PATCH",
        if_match: &[""],
        title: "lost",
        status: 412,
        etag: "\"2\"",
    },
    Edit {
        name: "any version beside an old one",
        method: "PATCH",
        if_match: &["\"1\", *"],
        title: "lost",
        status: 412,
        etag: "\"2\"",
    },
    Edit {
        name: "tag with a blank",
        method: "PATCH",
        if_match: &["\"2 \""],
        title: "lost",
        status: 412,
        etag: "\"2\"",
    },
    Edit {
        name: "list with the present version",
        method: "PATCH",
        if_match: &["\"7\", \"2\""],
        title: "third",
        status: 200,
        etag: "\"3\"",
    },
    Edit {
        name: "present version on another line",
        method: "PATCH",
        if_match: &["\"7\"", "\"3\""],
        title: "third",
        status: 200,
        etag: "\"4\"",
    },
    Edit {
        name: "any version",
        method: "PATCH",
        if_match: &["*"],
        title: "fourth",
        status: 200,
        etag: "\"5\"",
    },
];

on_both! {
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
        for edit in EDITS {
            let line = format!("{} {path}", edit.method);
            let body = Some(json!({ "title": edit.title }));
            let lines = edit.if_match.iter().map(|line| ("if-match", *line));
            let headers: Vec<_> = lines.collect();
            let answer = service
                .send_as(without_token(&admin), &line, &headers, body)
                .await;
            assert_eq!(
                (answer.status, answer.header("etag")),
                (edit.status, Some(edit.etag)),
                "{}",
                edit.name
            );
            if edit.status == 412 {
                answer.assert_problem(412, "task_changed", edit.name);
            }
        }
        assert_eq!(service.titles(&admin).await, ["fourth"]);
        let last = service
            .send_as(
                without_token(&admin),
                &format!("DELETE {path}"),
                &[("if-match", "\"5\"")],
                None,
            )
            .await;
        assert_eq!(
            (last.status, &last.body["status"]),
            (200, &json!("deleted"))
        );
    }

    async fn delivery_does_not_change_the_etag(backend) {
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
