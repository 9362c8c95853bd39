use dev_service::{Place, on_both};
use futures::future::join_all;
use portcullis_token::Caller;
use serde_json::{Value, json};

use super::{created, list, notify, send, titles, user};
use crate::schema;

on_both! {
    async fn defect_4_recipient_is_the_callers_email_else_name_else_null(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let with_email = user("t1", "alice");
        let with_name = Caller {
            email: None,
            ..with_email.clone()
        };
        let nameless = Caller {
            name: None,
            ..with_name.clone()
        };
        for (caller, to) in [
            (with_email, json!("alice@example.com")),
            (with_name, json!("alice Müller")),
            (nameless, Value::Null),
        ] {
            let expected = json!({
                "status": "sent", "to": to, "event": "task_created", "task_title": "Buy milk",
            });
            assert_eq!(notify(&database, &caller, "Buy milk").await, expected);
        }
    }

    async fn notification_is_listed_with_user_application_and_time(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        notify(&database, &alice, "Buy milk").await;
        let mut found = list(&database, &alice, "").await;
        let entry = found.body[0].as_object_mut().unwrap();
        let timestamp: jiff::Timestamp = entry
            .remove("timestamp")
            .unwrap()
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            timestamp
                .duration_until(jiff::Timestamp::now())
                .as_secs()
                .abs()
                < 60
        );
        assert!(
            entry
                .remove("id")
                .unwrap()
                .as_str()
                .unwrap()
                .parse::<uuid::Uuid>()
                .is_ok()
        );
        let expected = json!({
            "event": "task_created", "task_title": "Buy milk", "to": "alice@example.com",
            "email": "alice@example.com", "user_oid": "alice", "tenant_id": "t1",
            "caller_app_id": "task-api-id",
        });
        assert_eq!(found.body[0], expected);
    }

    async fn defect_5_user_sees_only_own_notifications(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        let bob = user("t1", "bob");
        let namesake = user("t2", "alice");
        for number in 1..=52 {
            notify(&database, &alice, &format!("task {number}")).await;
        }
        notify(&database, &bob, "of bob").await;
        let expected: Vec<String> = (3..=52)
            .rev()
            .map(|number| format!("task {number}"))
            .collect();
        assert_eq!(
            titles(&list(&database, &alice, "").await),
            expected,
            "the last fifty, the newest first"
        );
        assert_eq!(titles(&list(&database, &bob, "").await), ["of bob"]);
        assert!(titles(&list(&database, &namesake, "").await).is_empty());
        // A cursor from another user's list shows nothing of that list.
        let page = list(&database, &alice, "?limit=1").await;
        let cursor = page.body[0]["id"].as_str().unwrap();
        assert!(titles(&list(&database, &namesake, &format!("?cursor={cursor}")).await).is_empty());
    }

    async fn pages_list_every_notification_once_and_end(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        for number in 1..=5 {
            notify(&database, &alice, &number.to_string()).await;
        }
        let mut query = "?limit=2&event=task_created".to_owned();
        let mut pages = Vec::new();
        loop {
            let page = list(&database, &alice, &query).await;
            pages.push(titles(&page).join(","));
            // A notification that arrives meanwhile does not move the following pages.
            notify(&database, &alice, "later").await;
            let Some(link) = page.headers.get("link") else {
                break;
            };
            let link = link.to_str().unwrap();
            query = link
                .strip_prefix('<')
                .unwrap()
                .strip_suffix(">; rel=\"next\"")
                .unwrap()
                .to_owned();
        }
        assert_eq!(pages, ["5,4", "3,2", "1"]);
    }

    async fn event_filter_selects_notifications(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        notify(&database, &alice, "a").await;
        let done = json!({ "event": "task_done", "task_title": "b" });
        assert_eq!(
            send(&database, &alice, "POST /notify", &[], Some(&done))
                .await
                .status,
            200
        );
        assert_eq!(
            titles(&list(&database, &alice, "?event=task_done").await),
            ["b"]
        );
        assert!(titles(&list(&database, &alice, "?event=other").await).is_empty());
    }

    async fn retried_request_is_sent_once_and_gets_the_same_reply(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let alice = user("t1", "alice");
        let key = [("idempotency-key", "k-1")];
        let first = send(&database, &alice, "POST /notify", &key, Some(&created("a"))).await;
        // The same user with a token that has no e-mail address.
        let later = Caller {
            email: None,
            ..alice.clone()
        };
        let again = send(&database, &later, "POST /notify", &key, Some(&created("a"))).await;
        assert_eq!((first.status, &first.body), (200, &again.body));
        let other = send(&database, &alice, "POST /notify", &key, Some(&created("b"))).await;
        assert_eq!(
            (other.status, &other.body["reason"]),
            (422, &json!("idempotency_key_reused"))
        );
        // A key belongs to the user on whose behalf the call was made.
        for other in [user("t1", "bob"), user("t2", "alice")] {
            assert_eq!(
                send(&database, &other, "POST /notify", &key, Some(&created("c")))
                    .await
                    .status,
                200
            );
            assert_eq!(titles(&list(&database, &other, "").await), ["c"]);
        }
        assert_eq!(titles(&list(&database, &alice, "").await), ["a"]);
    }

    async fn concurrent_requests_with_one_key_are_sent_once(backend) {
        let place = Place::new(backend, schema).await;
        let replicas = join_all((0..4).map(|_| place.open())).await;
        let deliveries = (0..12).map(|number: usize| {
            let database = replicas[number % 4].clone();
            async move {
                let key = [("idempotency-key", "k")];
                send(
                    &database,
                    &user("t1", "alice"),
                    "POST /notify",
                    &key,
                    Some(&created("a")),
                )
                .await
                .body
            }
        });
        let answers = join_all(deliveries).await;
        assert!(
            answers
                .iter()
                .all(|answer| answer["status"] == "sent" && answer == &answers[0]),
            "{answers:?}"
        );
        assert_eq!(
            titles(&list(&replicas[0], &user("t1", "alice"), "").await),
            ["a"]
        );
    }

    async fn defect_14_notifications_outlive_the_process(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        notify(&database, &user("t1", "alice"), "kept").await;
        database.close().await;
        let reopened = place.open().await;
        assert_eq!(
            titles(&list(&reopened, &user("t1", "alice"), "").await),
            ["kept"]
        );
    }
}
