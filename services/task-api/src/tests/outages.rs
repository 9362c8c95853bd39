use std::time::Duration;

use dev_service::{Place, on_both};
use portcullis_runtime::Registry;
use serde_json::{Value, json};

use super::service::{PACE, PATIENCE, Service, caller};
use crate::downstream::fake_servers::{Answer, FakeServers};
use crate::outbox::Pace;
use crate::schema;

fn metrics(registry: &Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
    text
}

async fn create(service: &Service, title: &str) -> Value {
    let editor = caller("t1", "editor", &["Editor"]);
    service.create_with_token(&editor, title).await
}

on_both! {
    async fn killed_process_leaves_entries_to_the_next_and_its_notifications_fail(backend) {
        let first = Service::start(backend).await;
        let task = create(&first, "task").await;
        let Service {
            place,
            state,
            registry,
            ..
        } = first;
        // Like a kill: nothing is finished, and the tokens in memory are lost.
        state.outbox.die();
        drop((state, registry));
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let second = Service::open(place, fake.start().await, PACE).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let seen = second
            .until(&editor, &task["id"], ("failed", "logged"))
            .await;
        assert_eq!(
            (&seen["notification_reason"], fake.requests("notify").len()),
            (&json!("user_token_lost"), 0)
        );
    }

    async fn stopped_process_gives_up_its_notifications_at_once(backend) {
        let first = Service::start(backend).await;
        let task = create(&first, "task").await;
        first.state.outbox.stop().await;
        let editor = caller("t1", "editor", &["Editor"]);
        let seen = first.task(&editor, &task["id"]).await;
        assert_eq!(
            (&seen["notification_status"], &seen["audit_status"]),
            (&json!("failed"), &json!("pending"))
        );
    }

    async fn notification_is_delivered_only_by_the_process_with_the_token(backend) {
        let down = FakeServers::new(Answer::Success, Answer::Fault);
        let up = FakeServers::new(Answer::Success, Answer::Success);
        let first = Service::with_fake(backend, &down).await;
        let task = create(&first, "task").await;
        let Service { place, state, .. } = first;
        let second = Service::open(place, up.start().await, PACE).await;
        let editor = caller("t1", "editor", &["Editor"]);
        // Any process delivers the entry, and only the one with the token the notification.
        second
            .until(&editor, &task["id"], ("pending", "logged"))
            .await;
        down.turn(Answer::Success);
        second.until(&editor, &task["id"], ("sent", "logged")).await;
        assert!(up.requests("notify").is_empty());
        drop(state);
    }

    async fn waiting_messages_are_counted_and_due_at_the_end_of_the_outage(backend) {
        // The pause is longer than the test.
        let pace = Pace {
            first_pause: Duration::from_hours(1),
            longest_pause: Duration::from_hours(1),
            ..PACE
        };
        let fake = FakeServers::new(Answer::Success, Answer::Fault);
        let service =
            Service::open(Place::new(backend, schema).await, fake.start().await, pace).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let waiting = [create(&service, "one").await, create(&service, "two").await];
        // A separate query counts each kind.
        for line in [
            "portcullis_outbox_depth{kind=\"audit\"} 2",
            "portcullis_outbox_depth{kind=\"notification\"} 2",
            "portcullis_outbox_attempts_total{kind=\"audit\",outcome=\"postponed\"} 2",
            "portcullis_outbox_age_seconds{kind=\"audit\"}",
            "portcullis_outbox_tokens 2",
        ] {
            let shown = async {
                while !metrics(&service.registry).contains(line) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let shown = tokio::time::timeout(PATIENCE, shown).await;
            assert!(
                shown.is_ok(),
                "{line} is missing in:\n{}",
                metrics(&service.registry)
            );
        }
        fake.turn(Answer::Success);
        create(&service, "three").await;
        for task in &waiting {
            service
                .until(&editor, &task["id"], ("sent", "logged"))
                .await;
        }
    }

    async fn deliveries_beyond_the_limit_wait_and_are_delivered(backend) {
        let pace = Pace {
            deliveries_at_a_time: 1,
            ..PACE
        };
        let fake = FakeServers::new(Answer::Success, Answer::Success);
        let service =
            Service::open(Place::new(backend, schema).await, fake.start().await, pace).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let tasks = futures::future::join_all((0..20).map(|_| create(&service, "task"))).await;
        for task in &tasks {
            service
                .until(&editor, &task["id"], ("sent", "logged"))
                .await;
        }
        assert_eq!(
            (fake.requests("audit").len(), fake.requests("notify").len()),
            (20, 20)
        );
    }
}
