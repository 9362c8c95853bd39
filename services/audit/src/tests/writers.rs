use dev_service::{Place, on_both};
use futures::future::join_all;
use serde_json::json;

use super::{append, application, list, report, resources, send, verification};
use crate::schema;

on_both! {
    async fn writers_of_several_replicas_do_not_fork_a_chain(backend) {
        let place = Place::new(backend, schema).await;
        let replicas = join_all((0..4).map(|_| place.open())).await;
        let writes = (0..80).map(|number: usize| {
            let database = replicas[number % 4].clone();
            let tenant = if number % 8 < 6 { "t1" } else { "t2" };
            async move { append(&database, &application(tenant), &number.to_string()).await }
        });
        join_all(writes).await;
        for (tenant, entries) in [("t1", 60), ("t2", 20)] {
            let found = verification(&replicas[0], tenant).await;
            assert_eq!(
                (&found["status"], &found["entries"]),
                (&json!("intact"), &json!(entries)),
                "{found}"
            );
        }
    }

    async fn concurrent_requests_with_one_key_are_written_once(backend) {
        let place = Place::new(backend, schema).await;
        let replicas = join_all((0..4).map(|_| place.open())).await;
        let deliveries = (0..12).map(|number: usize| {
            let database = replicas[number % 4].clone();
            async move {
                let key = [("idempotency-key", "k")];
                send(
                    &database,
                    &application("t1"),
                    "POST /audit",
                    &key,
                    Some(&report("7")),
                )
                .await
                .body
            }
        });
        let answers = join_all(deliveries).await;
        assert!(
            answers
                .iter()
                .all(|answer| answer["status"] == "logged" && answer == &answers[0]),
            "{answers:?}"
        );
        assert_eq!(
            resources(&list(&replicas[0], &application("t1"), "").await),
            ["7"]
        );
    }
}
