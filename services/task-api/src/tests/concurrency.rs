use std::time::Duration;

use dev_service::{Backend, on_both};
use futures::future::join_all;
use portcullis_database::Database;
use portcullis_token::Caller;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::service::{PATIENCE, Service, caller, without_token};

/// The sorted statuses of twelve concurrent edits of version 1.
async fn edits(service: &Service, caller: &Caller, id: i64) -> Vec<u16> {
    let line = format!("PATCH /api/tasks/{id}");
    let edits = (0..12).map(|number| {
        let line = &line;
        async move {
            let body = Some(json!({ "title": format!("edit {number}") }));
            service
                .send_as(without_token(caller), line, &[("if-match", "\"1\"")], body)
                .await
                .status
        }
    });
    let mut statuses = join_all(edits).await;
    statuses.sort_unstable();
    statuses
}

fn assert_one_won(statuses: &[u16]) {
    assert_eq!(statuses[0], 200);
    assert!(
        statuses[1..].iter().all(|status| *status == 412),
        "{statuses:?}"
    );
}

async fn waiting_for_a_lock(database: &Database) -> i64 {
    let count = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(count)
        .fetch_one(&mut *database.read().await.unwrap())
        .await
        .unwrap()
}

/// Without the row's lock each editor would read the version before another changes it.
#[tokio::test]
async fn editor_that_waits_for_a_row_sees_its_new_version() {
    let service = Service::start(Backend::Postgres).await;
    let admin = caller("t1", "admin", &["Admin"]);
    let id = service.create(&admin, "task").await;
    let database = service.place.open().await;
    let mut holder = database.write().await.unwrap();
    sqlx::query("SELECT id FROM tasks WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_one(&mut *holder)
        .await
        .unwrap();
    let release = async {
        while waiting_for_a_lock(&database).await < 2 {
            sleep(Duration::from_millis(5)).await;
        }
        holder.rollback().await.unwrap();
    };
    let (statuses, ()) = timeout(PATIENCE, async {
        tokio::join!(edits(&service, &admin, id), release)
    })
    .await
    .unwrap();
    assert_one_won(&statuses);
}

on_both! {
    async fn concurrent_edits_of_one_version_succeed_once(backend) {
        let service = Service::start(backend).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let id = service.create(&admin, "task").await;
        assert_one_won(&edits(&service, &admin, id).await);
    }

    async fn concurrent_changes_and_deletions_delete_once(backend) {
        let service = Service::start(backend).await;
        let admin = caller("t1", "admin", &["Admin"]);
        let id = service.create(&admin, "task").await;
        let requests = (0..12).map(|number| {
            let service = &service;
            let admin = &admin;
            let method = if number % 3 == 0 { "DELETE" } else { "PATCH" };
            async move {
                let body = Some(json!({ "completed": true }));
                (
                    method,
                    service
                        .send(admin, &format!("{method} /api/tasks/{id}"), body)
                        .await
                        .status,
                )
            }
        });
        let answers = join_all(requests).await;
        let deleted = answers
            .iter()
            .filter(|answer| **answer == ("DELETE", 200))
            .count();
        assert_eq!(deleted, 1, "{answers:?}");
        assert!(
            answers
                .iter()
                .all(|(_, status)| [200, 404].contains(status)),
            "{answers:?}"
        );
    }
}
