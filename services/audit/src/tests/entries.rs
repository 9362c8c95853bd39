use dev_service::{Place, on_both};
use portcullis_token::Caller;
use serde_json::json;

use super::{append, application, list, report, resources, send};
use crate::schema;

on_both! {
    async fn defect_5_entry_shows_verified_and_reported_members_apart(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let id = append(&database, &application("t1"), "7").await;
        let mut found = list(&database, &application("t1"), "").await;
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
        assert_eq!(entry.remove("hash").unwrap().as_str().unwrap().len(), 64);
        let expected = json!({
            "id": id, "action": "task_created", "resource_id": "7",
            "actor": "service-principal", "tenant_id": "t1", "caller_app_id": "task-api-id",
            "reported_actor": "user-oid", "reported_tenant": "user-tenant",
            "idempotency_key": null, "position": 1, "previous_hash": "0".repeat(64),
        });
        assert_eq!(found.body[0], expected);
    }

    async fn defect_5_tenant_sees_only_entries_of_its_own_applications(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        for number in 1..=52 {
            append(&database, &application("t1"), &number.to_string()).await;
        }
        append(&database, &application("t2"), "foreign").await;
        let expected: Vec<String> = (3..=52)
            .rev()
            .map(|number: i32| number.to_string())
            .collect();
        assert_eq!(
            resources(&list(&database, &application("t1"), "").await),
            expected,
            "the last fifty, the newest first"
        );
        assert_eq!(
            resources(&list(&database, &application("t2"), "").await),
            ["foreign"]
        );
        assert!(resources(&list(&database, &application("user-tenant"), "").await).is_empty());
    }

    async fn pages_list_every_entry_once_and_end(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        for number in 1..=5 {
            append(&database, &application("t1"), &number.to_string()).await;
        }
        let mut query = "?limit=2&action=task_created".to_owned();
        let mut pages = Vec::new();
        loop {
            let page = list(&database, &application("t1"), &query).await;
            pages.push(resources(&page).join(","));
            // An entry that is written meanwhile does not move the following pages.
            append(&database, &application("t1"), "later").await;
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

    async fn filters_select_entries(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let caller = application("t1");
        for (action, resource, actor) in [
            ("created", "1", "ada"),
            ("deleted", "1", "ada"),
            ("created", "2", "eve"),
        ] {
            let body = json!({
                "action": action, "resource_id": resource, "actor": actor, "tenant_id": "t",
            });
            assert_eq!(
                send(&database, &caller, "POST /audit", &[], Some(&body))
                    .await
                    .status,
                200
            );
        }
        for (query, expected) in [
            ("?action=created", vec!["2", "1"]),
            ("?resource_id=1", vec!["1", "1"]),
            ("?reported_actor=eve", vec!["2"]),
            ("?reported_actor=ada&action=deleted", vec!["1"]),
            ("?reported_tenant=other", vec![]),
            ("?since=2020-01-01T00:00:00Z&limit=1", vec!["2"]),
            ("?until=2020-01-01T00:00:00Z", vec![]),
            ("?since=2200-01-01T00:00:00%2B02:00", vec![]),
        ] {
            assert_eq!(
                resources(&list(&database, &caller, query).await),
                expected,
                "{query}"
            );
        }
    }

    async fn retried_request_is_written_once_and_gets_the_same_reply(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let caller = application("t1");
        let key = [("idempotency-key", "k-1")];
        let first = send(&database, &caller, "POST /audit", &key, Some(&report("7"))).await;
        let again = send(&database, &caller, "POST /audit", &key, Some(&report("7"))).await;
        assert_eq!((first.status, &first.body), (200, &again.body));
        let other = send(&database, &caller, "POST /audit", &key, Some(&report("8"))).await;
        assert_eq!(
            (other.status, &other.body["reason"]),
            (422, &json!("idempotency_key_reused"))
        );
        // A key belongs to one application of one tenant.
        let neighbour = Caller {
            actor: Some("another-id".to_owned()),
            ..caller.clone()
        };
        for other in [&neighbour, &application("t2")] {
            let theirs = send(&database, other, "POST /audit", &key, Some(&report("9"))).await;
            assert_eq!(theirs.status, 200, "{}", theirs.body);
            assert_ne!(theirs.body["audit_id"], first.body["audit_id"]);
        }
        assert_eq!(resources(&list(&database, &caller, "").await), ["9", "7"]);
    }

    async fn defect_14_entries_outlive_the_process(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        append(&database, &application("t1"), "kept").await;
        database.close().await;
        let reopened = place.open().await;
        assert_eq!(
            resources(&list(&reopened, &application("t1"), "").await),
            ["kept"]
        );
    }
}
