use std::time::{Duration, Instant};

use dev_service::{on_both, request};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::service::{PATIENCE, Service, caller, statuses, with_token, without_token};
use crate::downstream::fake_servers::{Answer, DEADLINE, FakeServers};

on_both! {
    async fn defect_15_each_change_is_told_once_and_every_read_shows_its_statuses(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let service = Service::telling(backend, &fake).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let body = Some(json!({ "title": "task" }));
        let created = service.send_as(with_token(&admin), "POST /api/tasks", &[], body).await;
        assert_eq!(statuses(&created.body), ("sent", "logged"));
        let path = format!("/api/tasks/{}", created.body["id"]);
        let unchanged = service.send(&admin, &format!("PATCH {path}"), Some(json!({}))).await.body;
        let list = service.send(&admin, "GET /api/tasks", None).await.body;
        let shown = service.send(&admin, &format!("GET {path}"), None).await.body;
        assert_eq!((&unchanged, &list[0], &shown), (&created.body, &created.body, &created.body));

        // The statuses are those of the last change: this one comes without the user's token.
        let updated = service.send(&admin, &format!("PATCH {path}"), Some(json!({ "completed": true }))).await;
        let list = service.send(&admin, "GET /api/tasks", None).await.body;
        assert_eq!((statuses(&updated.body), &list[0]), (("failed", "logged"), &updated.body));
        assert_eq!(updated.body["notification_reason"], "no_user_token");
        let deleted = service.send_as(with_token(&admin), &format!("DELETE {path}"), &[], None).await;
        let expected = json!({ "status": "deleted", "notification_status": "sent", "audit_status": "logged" });
        assert_eq!(deleted.body, expected);

        // Defect 14: not only creation is told.
        let told = |endpoint: &str, member: &str| -> Vec<Value> {
            fake.requests(endpoint).iter().map(|entry| entry[member].clone()).collect()
        };
        assert_eq!(told("audit", "action"), ["task_created", "task_updated", "task_deleted"]);
        assert_eq!(told("notify", "event"), ["task_created", "task_deleted"]);
        let mut keys = told("audit", "idempotency-key");
        keys.extend(told("notify", "idempotency-key"));
        keys.sort_by_key(Value::to_string);
        keys.dedup();
        assert_eq!(keys.len(), 5, "{keys:?}");
    }

    async fn defect_6_what_did_not_happen_is_not_audited(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let service = Service::telling(backend, &fake).await;
        let (admin, reader) = (caller("t1", "admin", &["Admin"]), caller("t1", "reader", &["Reader"]));
        for (caller, line) in [
            (&admin, "DELETE /api/tasks/1"),
            (&admin, "PATCH /api/tasks/1"),
            (&reader, "POST /api/tasks"),
            (&reader, "DELETE /api/tasks/1"),
        ] {
            let answer = service.send(caller, line, Some(json!({ "title": "x" }))).await;
            assert!((400..500).contains(&answer.status), "{line}: {answer:?}");
        }
        // A task of before: what is told of it comes after what might have been told of the others.
        service.create(&admin, "real").await;
        assert_eq!(fake.requests("audit").len(), 1);
        assert!(fake.requests("notify").is_empty());
    }

    async fn defect_12_both_are_told_at_once_and_the_user_waits_once(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Hang);
        let service = Service::telling(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let started = Instant::now();
        let body = Some(json!({ "title": "task" }));
        let created = service.send_as(with_token(&editor), "POST /api/tasks", &[], body).await;
        assert_eq!((created.status, statuses(&created.body)), (201, ("pending", "pending")));
        // One after the other would take twice as long.
        assert!(started.elapsed() < DEADLINE * 2, "{:?}", started.elapsed());
        fake.turn(Answer::Success);
        service.until(&editor, &created.body["id"], ("sent", "logged")).await;
    }

    async fn what_fails_is_repeated_with_the_same_key_until_it_is_delivered(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Fault);
        let service = Service::telling(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let body = Some(json!({ "title": "task" }));
        let created = service.send_as(with_token(&editor), "POST /api/tasks", &[], body).await;
        assert_eq!(statuses(&created.body), ("pending", "pending"));
        let repeated = async {
            while fake.requests("audit").len() < 4 || fake.requests("notify").len() < 4 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, repeated).await.unwrap();
        fake.turn(Answer::Success);
        service.until(&editor, &created.body["id"], ("sent", "logged")).await;
        for endpoint in ["audit", "notify"] {
            let requests = fake.requests(endpoint);
            assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
        }
    }

    async fn a_refused_notification_is_given_up_and_a_refused_entry_is_not(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Forbidden);
        let service = Service::telling(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let body = Some(json!({ "title": "task" }));
        let created = service.send_as(with_token(&editor), "POST /api/tasks", &[], body).await;
        assert_eq!((statuses(&created.body), &created.body["notification_reason"]), (("failed", "pending"), &json!("service_refused")));
        fake.turn(Answer::Success);
        let task = service.until(&editor, &created.body["id"], ("failed", "logged")).await;
        assert_eq!((task["notification_reason"].clone(), fake.requests("notify").len()), (json!("service_refused"), 1));
    }

    async fn a_late_delivery_does_not_speak_for_a_later_change(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Fault);
        let service = Service::telling(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let body = Some(json!({ "title": "task" }));
        let created = service.send_as(with_token(&editor), "POST /api/tasks", &[], body).await;
        let line = format!("PATCH /api/tasks/{}", created.body["id"]);
        service.send_as(without_token(&editor), &line, &[], Some(json!({ "completed": true }))).await;
        fake.turn(Answer::Success);
        let delivered = async {
            while fake.requests("notify").is_empty() || statuses(&service.task(&editor, &created.body["id"]).await).1 != "logged" {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, delivered).await.unwrap();
        // The creation's notification was sent; the last change had none.
        assert_eq!(statuses(&service.task(&editor, &created.body["id"]).await), ("failed", "logged"));
    }

    async fn a_client_that_hangs_up_does_not_escape_the_audit(backend) {
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let service = Service::telling(backend, &fake).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let create = request("POST /api/tasks", &[], Some(&json!({ "title": "task" })));
        // Polled once, then dropped, as a server does when the connection closes.
        let dropped = tokio::time::timeout(Duration::ZERO, service.router(without_token(&editor)).oneshot(create)).await;
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
