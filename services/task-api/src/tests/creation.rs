use std::time::Duration;

use dev_service::{Answer, on_both};
use futures::future::join_all;
use portcullis_token::Caller;
use serde_json::{Value, json};

use super::service::{PATIENCE, Service, caller, without_token};

/// A caller to whom a key of another caller says nothing.
struct Stranger {
    name: &'static str,
    caller: Caller,
}

async fn create(service: &Service, caller: &Caller, key: &str, title: &str) -> Answer {
    let body = Some(json!({ "title": title }));
    service
        .send_as(
            without_token(caller),
            "POST /api/tasks",
            &[("idempotency-key", key)],
            body,
        )
        .await
}

on_both! {
    async fn created_task_has_location_and_etag(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let created = service
            .send(
                &editor,
                "POST /api/tasks",
                Some(json!({ "title": "  milk " })),
            )
            .await;
        let location = format!("/api/tasks/{}", created.body["id"]);
        assert_eq!(
            (created.status, created.header("location")),
            (201, Some(location.as_str()))
        );
        assert_eq!(
            (created.header("etag"), &created.body["title"]),
            (Some("\"1\""), &json!("milk"))
        );
        let read = service
            .send(&editor, &format!("GET {location}"), None)
            .await;
        assert_eq!((read.status, &read.body), (200, &created.body));
    }

    async fn retried_request_creates_no_second_task(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let admin = caller("t1", "admin", &["Admin"]);
        let first = create(&service, &editor, "k1", "milk").await;
        let again = create(&service, &editor, "k1", "milk").await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.header("location"), first.header("location"));

        let other = create(&service, &editor, "k1", "bread").await;
        other.assert_problem(422, "idempotency_key_reused", "another title");
        // A key belongs to one caller in one tenant.
        for Stranger { name, caller } in [
            Stranger {
                name: "another user",
                caller: caller("t1", "bob", &["Editor"]),
            },
            Stranger {
                name: "the same object id in another tenant",
                caller: caller("t2", "editor", &["Editor"]),
            },
        ] {
            let created = create(&service, &caller, "k1", "milk").await;
            assert_eq!(created.status, 201, "{name}");
            assert_ne!(created.body["id"], first.body["id"], "{name}");
        }
        assert_eq!(service.titles(&editor).await, ["milk"]);

        service
            .send(
                &admin,
                &format!("DELETE /api/tasks/{}", first.body["id"]),
                None,
            )
            .await;
        let gone = create(&service, &editor, "k1", "milk").await;
        gone.assert_problem(410, "task_deleted_since", "deleted since");
    }

    async fn key_is_forgotten_after_a_day(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let old = create(&service, &editor, "old", "milk").await;
        let young = create(&service, &editor, "young", "bread").await;
        let mut write = service.state.database.write().await.unwrap();
        let age = "UPDATE creations SET created_at = created_at - $1 WHERE idempotency_key = 'old'";
        sqlx::query(age)
            .bind(25 * 60 * 60 * 1000_i64)
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        let forgotten = async {
            while create(&service, &editor, "old", "milk").await.body["id"] == old.body["id"] {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, forgotten).await.unwrap();
        let again = create(&service, &editor, "young", "bread").await;
        assert_eq!(again.body["id"], young.body["id"]);
    }

    async fn concurrent_requests_with_one_key_create_one_task(backend) {
        let service = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let answers = join_all((0..16).map(|_| create(&service, &editor, "k1", "milk"))).await;
        let ids: Vec<&Value> = answers.iter().map(|answer| &answer.body["id"]).collect();
        assert!(
            answers.iter().all(|answer| answer.status == 201),
            "{answers:?}"
        );
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(service.titles(&editor).await, ["milk"]);
    }
}
