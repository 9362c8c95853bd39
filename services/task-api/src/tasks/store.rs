use portcullis_token::Caller;
use sqlx::SqlitePool;

use super::task::{Task, TaskChange, TaskId, Title};
use crate::downstream::Outcome;
use crate::task_user::Reach;

/// The newest tasks of a list; more than this is a job for paging, which this API does not have.
const LIST_LIMIT: i64 = 1000;
const OWNER_NAME_MAX_CHARS: usize = 200;

/// Tasks in SQLite. Each query is bounded by a [`Reach`].
#[derive(Clone, Debug)]
pub(crate) struct TaskStore {
    database: SqlitePool,
}

impl TaskStore {
    pub(crate) fn new(database: SqlitePool) -> Self {
        Self { database }
    }

    pub(crate) async fn list(&self, reach: Reach<'_>) -> sqlx::Result<Vec<Task>> {
        sqlx::query_as(
            "SELECT * FROM (SELECT * FROM tasks WHERE tenant_id = ?1 AND (?2 IS NULL OR owner_id = ?2)
             ORDER BY id DESC LIMIT ?3) ORDER BY id",
        )
        .bind(reach.tenant())
        .bind(reach.owner())
        .bind(LIST_LIMIT)
        .fetch_all(&self.database)
        .await
    }

    pub(crate) async fn create(&self, owner: &Caller, title: &Title) -> sqlx::Result<Task> {
        let name = owner.name.as_deref().unwrap_or(&owner.object_id);
        sqlx::query_as("INSERT INTO tasks (tenant_id, owner_id, owner_name, title) VALUES (?1, ?2, ?3, ?4) RETURNING *")
            .bind(&owner.tenant)
            .bind(&owner.object_id)
            .bind(name.chars().take(OWNER_NAME_MAX_CHARS).collect::<String>())
            .bind(title.as_str())
            .fetch_one(&self.database)
            .await
    }

    /// Changes and reads in one statement, so that two requests can't interleave; `None` when the task is not within `reach`.
    pub(crate) async fn update(&self, reach: Reach<'_>, id: TaskId, change: &TaskChange) -> sqlx::Result<Option<Task>> {
        sqlx::query_as(
            "UPDATE tasks SET title = COALESCE(?4, title), completed = COALESCE(?5, completed)
             WHERE id = ?1 AND tenant_id = ?2 AND (?3 IS NULL OR owner_id = ?3) RETURNING *",
        )
        .bind(id.0)
        .bind(reach.tenant())
        .bind(reach.owner())
        .bind(change.title.as_ref().map(Title::as_str))
        .bind(change.completed)
        .fetch_optional(&self.database)
        .await
    }

    /// The task that was deleted; `None` when it is not within `reach`.
    pub(crate) async fn delete(&self, reach: Reach<'_>, id: TaskId) -> sqlx::Result<Option<Task>> {
        sqlx::query_as(
            "DELETE FROM tasks WHERE id = ?1 AND tenant_id = ?2 AND (?3 IS NULL OR owner_id = ?3) RETURNING *",
        )
        .bind(id.0)
        .bind(reach.tenant())
        .bind(reach.owner())
        .fetch_optional(&self.database)
        .await
    }

    /// Stores what became of the last change's announcements. `id` comes from a row that this request wrote.
    pub(crate) async fn record_outcome(&self, id: i64, outcome: Outcome) -> sqlx::Result<()> {
        sqlx::query("UPDATE tasks SET notification_status = ?2, audit_status = ?3 WHERE id = ?1")
            .bind(id)
            .bind(outcome.notification)
            .bind(outcome.audit)
            .execute(&self.database)
            .await?;
        Ok(())
    }
}
