use dev_service::{Place, on_both};
use portcullis_database::{Backend, Database, DatabaseMetrics};
use serde_json::json;
use sqlx::migrate::Migrator;

use super::service::{PACE, Service, caller, statuses};
use crate::downstream::fake_servers::unreachable_services;
use crate::schema;

on_both! {
    async fn defect_14_tasks_and_statuses_outlive_the_process(backend) {
        let first = Service::start(backend).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let admin = caller("t1", "admin", &["Admin"]);
        let id = first.create(&editor, "kept").await;
        let deleted = first.create(&editor, "deleted").await;
        let answer = first
            .send(&admin, &format!("DELETE /api/tasks/{deleted}"), None)
            .await;
        assert_eq!(
            (answer.status, statuses(&answer.body)),
            (200, ("failed", "pending"))
        );
        let before = first.send(&editor, "GET /api/tasks", None).await.body;
        let Service { place, state, .. } = first;
        state.outbox.stop().await;
        state.database.close().await;

        let second = Service::open(place, unreachable_services().await, PACE).await;
        let after = second.send(&editor, "GET /api/tasks", None).await.body;
        assert_eq!((&after, &after[0]["id"]), (&before, &json!(id)));
        // Audit entries name tasks by id, so the id of a deleted task must not be reused.
        assert!(second.create(&editor, "next").await > deleted);
    }

    async fn defect_14_two_replicas_see_the_same_tasks(backend) {
        let first = Service::start(backend).await;
        let Service { place, state, .. } = first;
        let second = Service::open(place, unreachable_services().await, PACE).await;
        let editor = caller("t1", "editor", &["Editor"]);
        let id = second.create(&editor, "task").await;
        let read = state.database.read().await.unwrap();
        let found = sqlx::query("SELECT id FROM tasks WHERE id = $1")
            .bind(id)
            .fetch_all(&mut *{ read })
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
    }
}

/// The database of the first version had neither versions nor pending deliveries.
#[tokio::test]
async fn file_of_the_first_schema_is_migrated() {
    let place = Place::new(Backend::Sqlite, schema).await;
    let mut older = schema();
    older.sqlite = Migrator {
        migrations: older.sqlite.migrations[..1].to_vec().into(),
        ..Migrator::DEFAULT
    };
    let database = Database::open(&place.settings, &older, DatabaseMetrics::default())
        .await
        .unwrap();
    let mut write = database.write().await.unwrap();
    let insert = "INSERT INTO tasks
        (tenant_id, owner_id, owner_name, title, notification_status, audit_status)
        VALUES ('t1', 'editor', 'Eve', $1, 'sent', 'failed')";
    for title in ["kept", "deleted"] {
        sqlx::query(insert)
            .bind(title)
            .execute(&mut *write)
            .await
            .unwrap();
    }
    sqlx::query("DELETE FROM tasks WHERE title = 'deleted'")
        .execute(&mut *write)
        .await
        .unwrap();
    write.commit().await.unwrap();
    database.close().await;

    let service = Service::open(place, unreachable_services().await, PACE).await;
    let editor = caller("t1", "editor", &["Editor"]);
    let expected = json!([{
        "id": 1, "title": "kept", "completed": false, "owner_name": "Eve", "tenant_id": "t1",
        "version": 1, "notification_status": "sent", "audit_status": "failed",
    }]);
    assert_eq!(
        service.send(&editor, "GET /api/tasks", None).await.body,
        expected
    );
    assert_eq!(service.create(&editor, "next").await, 3);
}
