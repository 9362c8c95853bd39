use std::time::Duration;

use portcullis_token::Caller;
use sqlx::AnyConnection;

use super::Title;
use crate::clock::unix_milliseconds;
use crate::outbox::OldRows;

/// Keys of creations that are older than a day. Clients retry a request within minutes.
pub(crate) const OLD_CREATIONS: OldRows = OldRows {
    delete: "DELETE FROM creations WHERE created_at < $1",
    kept: Duration::from_hours(24),
};

/// Whether a user's key was used before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The key is new, and this transaction claims it.
    New,
    /// The key was used with this title, and created this task.
    Used { title: String, task_id: Option<i64> },
}

/// Claims the key for a task of `owner`.
///
/// A concurrent second request waits here until the first has committed or rolled back.
pub(crate) async fn claim(
    transaction: &mut AnyConnection,
    owner: &Caller,
    key: &str,
    title: &Title,
) -> sqlx::Result<Claim> {
    let taken = sqlx::query(
        "INSERT INTO creations (tenant_id, owner_id, idempotency_key, title, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, owner_id, idempotency_key) DO NOTHING",
    )
    .bind(&owner.tenant)
    .bind(&owner.object_id)
    .bind(key)
    .bind(title.as_str())
    .bind(unix_milliseconds())
    .execute(&mut *transaction)
    .await?;
    if taken.rows_affected() > 0 {
        return Ok(Claim::New);
    }
    let (title, task_id) = sqlx::query_as(
        "SELECT title, task_id FROM creations
         WHERE tenant_id = $1 AND owner_id = $2 AND idempotency_key = $3",
    )
    .bind(&owner.tenant)
    .bind(&owner.object_id)
    .bind(key)
    .fetch_one(transaction)
    .await?;
    Ok(Claim::Used { title, task_id })
}

/// Stores the id of the task that the key created.
pub(crate) async fn created(
    transaction: &mut AnyConnection,
    owner: &Caller,
    key: &str,
    task_id: i64,
) -> sqlx::Result<()> {
    let update = "UPDATE creations SET task_id = $4
        WHERE tenant_id = $1 AND owner_id = $2 AND idempotency_key = $3";
    sqlx::query(update)
        .bind(&owner.tenant)
        .bind(&owner.object_id)
        .bind(key)
        .bind(task_id)
        .execute(transaction)
        .await
        .map(drop)
}
