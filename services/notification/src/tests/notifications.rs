use dev_service::{assert_recent, on_both};
use portcullis_token::Caller;
use serde_json::{Value, json};

use super::{created, list, notify, start, titles, user};

/// A caller, and the recipient of a notification to them.
struct Recipient {
    name: &'static str,
    caller: Caller,
    to: Value,
}

fn recipients() -> [Recipient; 3] {
    let with_email = user("t1", "alice");
    let with_name = Caller {
        email: None,
        ..with_email.clone()
    };
    let nameless = Caller {
        name: None,
        ..with_name.clone()
    };
    [
        Recipient {
            name: "with e-mail address and name",
            caller: with_email,
            to: json!("alice@example.com"),
        },
        Recipient {
            name: "with name",
            caller: with_name,
            to: json!("alice Müller"),
        },
        Recipient {
            name: "with neither",
            caller: nameless,
            to: Value::Null,
        },
    ]
}

on_both! {
    async fn defect_4_recipient_is_the_callers_email_else_name_else_null(backend) {
        let service = start(backend).await;
        for Recipient { name, caller, to } in recipients() {
            let expected = json!({
                "status": "sent", "to": to, "event": "task_created", "task_title": "Buy milk",
            });
            let sent = notify(&service, &caller, "Buy milk").await;
            assert_eq!(sent, expected, "{name}");
        }
    }

    async fn notification_is_listed_with_user_application_and_time(backend) {
        let service = start(backend).await;
        let alice = user("t1", "alice");
        notify(&service, &alice, "Buy milk").await;
        let mut found = list(&service, &alice, "").await;
        let entry = found.body[0].as_object_mut().unwrap();
        assert_recent(&entry.remove("timestamp").unwrap());
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
        let service = start(backend).await;
        let alice = user("t1", "alice");
        let bob = user("t1", "bob");
        let namesake = user("t2", "alice");
        for number in 1..=52 {
            notify(&service, &alice, &format!("task {number}")).await;
        }
        notify(&service, &bob, "of bob").await;
        let expected: Vec<String> = (3..=52)
            .rev()
            .map(|number| format!("task {number}"))
            .collect();
        assert_eq!(
            titles(&list(&service, &alice, "").await),
            expected,
            "the last fifty, the newest first"
        );
        assert_eq!(titles(&list(&service, &bob, "").await), ["of bob"]);
        assert!(titles(&list(&service, &namesake, "").await).is_empty());
        // A cursor from another user's list shows nothing of that list.
        let page = list(&service, &alice, "?limit=1").await;
        let cursor = page.body[0]["id"].as_str().unwrap();
        assert!(titles(&list(&service, &namesake, &format!("?cursor={cursor}")).await).is_empty());
    }

    async fn pages_list_every_notification_once_and_end(backend) {
        let service = start(backend).await;
        let alice = user("t1", "alice");
        for number in 1..=5 {
            notify(&service, &alice, &number.to_string()).await;
        }
        let mut next = Some("?limit=2&event=task_created".to_owned());
        let mut pages = Vec::new();
        while let Some(query) = next {
            let page = list(&service, &alice, &query).await;
            pages.push(titles(&page).join(","));
            // A notification that arrives meanwhile does not move the following pages.
            notify(&service, &alice, "later").await;
            next = page.next_page();
        }
        assert_eq!(pages, ["5,4", "3,2", "1"]);
    }

    async fn event_filter_selects_notifications(backend) {
        let service = start(backend).await;
        let alice = user("t1", "alice");
        notify(&service, &alice, "a").await;
        let done = json!({ "event": "task_done", "task_title": "b" });
        assert_eq!(
            service
                .send(&alice, "POST /notify", &[], Some(&done))
                .await
                .status,
            200
        );
        assert_eq!(
            titles(&list(&service, &alice, "?event=task_done").await),
            ["b"]
        );
        assert!(titles(&list(&service, &alice, "?event=other").await).is_empty());
    }

    async fn retried_request_is_sent_once_and_gets_the_same_reply(backend) {
        let service = start(backend).await;
        let alice = user("t1", "alice");
        let key = [("idempotency-key", "k-1")];
        let first = service
            .send(&alice, "POST /notify", &key, Some(&created("a")))
            .await;
        // The same user with a token that has no e-mail address.
        let later = Caller {
            email: None,
            ..alice.clone()
        };
        let again = service
            .send(&later, "POST /notify", &key, Some(&created("a")))
            .await;
        assert_eq!((first.status, &first.body), (200, &again.body));
        let other = service
            .send(&alice, "POST /notify", &key, Some(&created("b")))
            .await;
        other.assert_problem(422, "idempotency_key_reused", "another title");
        // A key belongs to the user on whose behalf the call was made.
        for other in [user("t1", "bob"), user("t2", "alice")] {
            assert_eq!(
                service
                    .send(&other, "POST /notify", &key, Some(&created("c")))
                    .await
                    .status,
                200
            );
            assert_eq!(titles(&list(&service, &other, "").await), ["c"]);
        }
        assert_eq!(titles(&list(&service, &alice, "").await), ["a"]);
    }

    async fn concurrent_requests_with_one_key_are_sent_once(backend) {
        let service = start(backend).await;
        let alice = user("t1", "alice");
        let key = [("idempotency-key", "k")];
        let answers = service
            .send_at_once(&alice, "POST /notify", &key, &created("a"))
            .await;
        for answer in &answers {
            assert_eq!(answer.body["status"], "sent", "{answers:?}");
            assert_eq!(answer.body, answers[0].body, "{answers:?}");
        }
        assert_eq!(titles(&list(&service, &alice, "").await), ["a"]);
    }

    async fn defect_14_notifications_outlive_the_process(backend) {
        let service = start(backend).await;
        notify(&service, &user("t1", "alice"), "kept").await;
        service.database.close().await;
        let reopened = service.replica().await;
        assert_eq!(
            titles(&list(&reopened, &user("t1", "alice"), "").await),
            ["kept"]
        );
    }
}
