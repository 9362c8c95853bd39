use std::time::{Duration, Instant};

use dev_service::{on_both, request};
use portcullis_token::Caller;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::service::{PATIENCE, Service, caller, statuses, with_token, without_token};
use crate::downstream::fake_servers::{Answer, DEADLINE, FakeServers};

/// A request that changes nothing.
struct Failing<'a> {
    name: &'static str,
    caller: &'a Caller,
    line: &'static str,
}

on_both! {
    async fn defect_15_change_is_delivered_once_and_every_read_shows_its_statuses(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let service = Service::with_fake(backend, &fake).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let created = service.create_with_token(&admin, "task").await;
        assert_eq!(statuses(&created), ("sent", "logged"));
        let path = format!("/api/tasks/{}", created["id"]);
        let unchanged = service
            .send(&admin, &format!("PATCH {path}"), Some(json!({})))
            .await
            .body;
        let list = service.send(&admin, "GET /api/tasks", None).await.body;
        let shown = service
            .send(&admin, &format!("GET {path}"), None)
            .await
            .body;
        assert_eq!(
            (&unchanged, &list[0], &shown),
            (&created, &created, &created)
        );

        // The statuses are those of the last change, which has no user token.
        let updated = service
            .send(
                &admin,
                &format!("PATCH {path}"),
                Some(json!({ "completed": true })),
            )
            .await;
        let list = service.send(&admin, "GET /api/tasks", None).await.body;
        assert_eq!(
            (statuses(&updated.body), &list[0]),
            (("failed", "logged"), &updated.body)
        );
        assert_eq!(updated.body["notification_reason"], "no_user_token");
        let deleted = service
            .send_as(with_token(&admin), &format!("DELETE {path}"), &[], None)
            .await;
        let expected =
            json!({ "status": "deleted", "notification_status": "sent", "audit_status": "logged" });
        assert_eq!(deleted.body, expected);

        // Defect 14: changes and deletions are delivered too.
        let delivered = |endpoint: &str, member: &str| -> Vec<Value> {
            fake.requests(endpoint)
                .iter()
                .map(|entry| entry[member].clone())
                .collect()
        };
        assert_eq!(
            delivered("audit", "action"),
            ["task_created", "task_updated", "task_deleted"]
        );
        assert_eq!(
            delivered("notify", "event"),
            ["task_created", "task_deleted"]
        );
        let mut keys = delivered("audit", "idempotency-key");
        keys.extend(delivered("notify", "idempotency-key"));
        keys.sort_by_key(Value::to_string);
        keys.dedup();
        assert_eq!(keys.len(), 5, "{keys:?}");
    }

    async fn defect_6_failed_request_is_not_audited(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let service = Service::with_fake(backend, &fake).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let reader = caller("t1", "reader", &["Reader"]);
        for Failing { name, caller, line } in [
            Failing {
                name: "deletion of a missing task",
                caller: &admin,
                line: "DELETE /api/tasks/1",
            },
            Failing {
                name: "change of a missing task",
                caller: &admin,
                line: "PATCH /api/tasks/1",
            },
            Failing {
                name: "creation by a Reader",
                caller: &reader,
                line: "POST /api/tasks",
            },
            Failing {
                name: "deletion by a Reader",
                caller: &reader,
                line: "DELETE /api/tasks/1",
            },
        ] {
            let answer = service
                .send(caller, line, Some(json!({ "title": "x" })))
                .await;
            assert!((400..500).contains(&answer.status), "{name}: {answer:?}");
        }
        // Messages of the failed requests would have been delivered before those of this task.
        service.create(&admin, "real").await;
        assert_eq!(fake.requests("audit").len(), 1);
        assert!(fake.requests("notify").is_empty());
    }

    async fn defect_12_services_are_called_together_and_the_user_waits_once(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Hang);
        let service = Service::with_fake(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let started = Instant::now();
        let created = service.create_with_token(&editor, "task").await;
        assert_eq!(statuses(&created), ("pending", "pending"));
        // Two calls one after the other would take twice as long.
        assert!(started.elapsed() < DEADLINE * 2, "{:?}", started.elapsed());
        fake.turn(Answer::Success);
        service
            .until(&editor, &created["id"], ("sent", "logged"))
            .await;
    }

    async fn failed_delivery_is_retried_with_the_same_key_until_it_succeeds(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Fault);
        let service = Service::with_fake(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let created = service.create_with_token(&editor, "task").await;
        assert_eq!(statuses(&created), ("pending", "pending"));
        let repeated = async {
            while fake.requests("audit").len() < 4 || fake.requests("notify").len() < 4 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, repeated).await.unwrap();
        fake.turn(Answer::Success);
        service
            .until(&editor, &created["id"], ("sent", "logged"))
            .await;
        for endpoint in ["audit", "notify"] {
            let requests = fake.requests(endpoint);
            assert!(
                requests.iter().all(|request| *request == requests[0]),
                "{requests:?}"
            );
        }
    }

    async fn denied_notification_is_given_up_and_denied_entry_is_retried(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Forbidden);
        let service = Service::with_fake(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let created = service.create_with_token(&editor, "task").await;
        assert_eq!(
            (statuses(&created), &created["notification_reason"]),
            (("failed", "pending"), &json!("service_refused"))
        );
        fake.turn(Answer::Success);
        let task = service
            .until(&editor, &created["id"], ("failed", "logged"))
            .await;
        assert_eq!(
            (
                task["notification_reason"].clone(),
                fake.requests("notify").len()
            ),
            (json!("service_refused"), 1)
        );
    }

    async fn late_delivery_does_not_set_the_status_of_a_later_change(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Fault);
        let service = Service::with_fake(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let created = service.create_with_token(&editor, "task").await;
        let line = format!("PATCH /api/tasks/{}", created["id"]);
        service
            .send_as(
                without_token(&editor),
                &line,
                &[],
                Some(json!({ "completed": true })),
            )
            .await;
        fake.turn(Answer::Success);
        let delivered = async {
            while fake.requests("notify").is_empty()
                || statuses(&service.task(&editor, &created["id"]).await).1 != "logged"
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, delivered).await.unwrap();
        // The creation's notification was sent; the last change had none.
        assert_eq!(
            statuses(&service.task(&editor, &created["id"]).await),
            ("failed", "logged")
        );
    }

    async fn change_of_a_disconnected_client_is_audited(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let service = Service::with_fake(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let create = request("POST /api/tasks", &[], Some(&json!({ "title": "task" })));
        // The request is polled once and dropped, as by a server whose connection closes.
        let dropped = tokio::time::timeout(
            Duration::ZERO,
            service.router(without_token(&editor)).oneshot(create),
        )
        .await;
        assert!(dropped.is_err());
        let audited = async {
            while fake.requests("audit").is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, audited).await.unwrap();
        assert_eq!(service.titles(&editor).await, ["task"]);
    }
}
