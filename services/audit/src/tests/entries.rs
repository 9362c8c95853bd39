use dev_service::{assert_recent, on_both};
use portcullis_token::Caller;
use serde_json::json;

use super::{append, application, list, report, resources, start};

/// An entry to write.
struct Written {
    action: &'static str,
    resource: &'static str,
    actor: &'static str,
}

/// A filter, and the resources of the entries that it selects.
struct Filtered {
    name: &'static str,
    query: &'static str,
    resources: &'static [&'static str],
}

on_both! {
    async fn defect_5_entry_shows_verified_and_reported_members_apart(backend) {
        let audit = start(backend).await;
        let id = append(&audit, &application("t1"), "7").await;
        let mut found = list(&audit, &application("t1"), "").await;
        let entry = found.body[0].as_object_mut().unwrap();
        assert_recent(&entry.remove("timestamp").unwrap());
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
        let audit = start(backend).await;
        for number in 1..=52 {
            append(&audit, &application("t1"), &number.to_string()).await;
        }
        append(&audit, &application("t2"), "foreign").await;
        let expected: Vec<String> = (3..=52)
            .rev()
            .map(|number: i32| number.to_string())
            .collect();
        assert_eq!(
            resources(&list(&audit, &application("t1"), "").await),
            expected,
            "the last fifty, the newest first"
        );
        assert_eq!(
            resources(&list(&audit, &application("t2"), "").await),
            ["foreign"]
        );
        assert!(resources(&list(&audit, &application("user-tenant"), "").await).is_empty());
    }

    async fn pages_list_every_entry_once_and_end(backend) {
        let audit = start(backend).await;
        for number in 1..=5 {
            append(&audit, &application("t1"), &number.to_string()).await;
        }
        let mut next = Some("?limit=2&action=task_created".to_owned());
        let mut pages = Vec::new();
        while let Some(query) = next {
            let page = list(&audit, &application("t1"), &query).await;
            pages.push(resources(&page).join(","));
            // An entry that is written meanwhile does not move the following pages.
            append(&audit, &application("t1"), "later").await;
            next = page.next_page();
        }
        assert_eq!(pages, ["5,4", "3,2", "1"]);
    }

    async fn filters_select_entries(backend) {
        let audit = start(backend).await;
        let caller = application("t1");
        for Written {
            action,
            resource,
            actor,
        } in [
            Written {
                action: "created",
                resource: "1",
                actor: "ada",
            },
            Written {
                action: "deleted",
                resource: "1",
                actor: "ada",
            },
            Written {
                action: "created",
                resource: "2",
                actor: "eve",
            },
        ] {
            let body = json!({
                "action": action, "resource_id": resource, "actor": actor, "tenant_id": "t",
            });
            let written = audit.send(&caller, "POST /audit", &[], Some(&body)).await;
            assert_eq!(written.status, 200, "{}", written.body);
        }
        for Filtered {
            name,
            query,
            resources: expected,
        } in [
            Filtered {
                name: "of an action",
                query: "?action=created",
                resources: &["2", "1"],
            },
            Filtered {
                name: "of a resource",
                query: "?resource_id=1",
                resources: &["1", "1"],
            },
            Filtered {
                name: "of a reported actor",
                query: "?reported_actor=eve",
                resources: &["2"],
            },
            Filtered {
                name: "of a reported actor and an action",
                query: "?reported_actor=ada&action=deleted",
                resources: &["1"],
            },
            Filtered {
                name: "of another reported tenant",
                query: "?reported_tenant=other",
                resources: &[],
            },
            Filtered {
                name: "one entry since an early time",
                query: "?since=2020-01-01T00:00:00Z&limit=1",
                resources: &["2"],
            },
            Filtered {
                name: "until an early time",
                query: "?until=2020-01-01T00:00:00Z",
                resources: &[],
            },
            Filtered {
                name: "since a late time with an offset",
                query: "?since=2200-01-01T00:00:00%2B02:00",
                resources: &[],
            },
        ] {
            assert_eq!(
                resources(&list(&audit, &caller, query).await),
                expected,
                "{name}"
            );
        }
    }

    async fn retried_request_is_written_once_and_gets_the_same_reply(backend) {
        let audit = start(backend).await;
        let caller = application("t1");
        let key = [("idempotency-key", "k-1")];
        let first = audit
            .send(&caller, "POST /audit", &key, Some(&report("7")))
            .await;
        let again = audit
            .send(&caller, "POST /audit", &key, Some(&report("7")))
            .await;
        assert_eq!((first.status, &first.body), (200, &again.body));
        let other = audit
            .send(&caller, "POST /audit", &key, Some(&report("8")))
            .await;
        other.assert_problem(422, "idempotency_key_reused", "another entry");
        // A key belongs to one application of one tenant.
        let neighbour = Caller {
            actor: Some("another-id".to_owned()),
            ..caller.clone()
        };
        for other in [&neighbour, &application("t2")] {
            let theirs = audit
                .send(other, "POST /audit", &key, Some(&report("9")))
                .await;
            assert_eq!(theirs.status, 200, "{}", theirs.body);
            assert_ne!(theirs.body["audit_id"], first.body["audit_id"]);
        }
        assert_eq!(resources(&list(&audit, &caller, "").await), ["9", "7"]);
    }

    async fn defect_14_entries_outlive_the_process(backend) {
        let audit = start(backend).await;
        append(&audit, &application("t1"), "kept").await;
        audit.database.close().await;
        let reopened = audit.replica().await;
        assert_eq!(
            resources(&list(&reopened, &application("t1"), "").await),
            ["kept"]
        );
    }
}
