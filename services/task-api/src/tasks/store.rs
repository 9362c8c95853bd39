use portcullis_database::{Connection, Database};
use portcullis_runtime::BoundedText;
use portcullis_token::Caller;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::Title;
use super::listing::{Listing, Order};
use super::task::{Task, TaskChange, TaskId};
use crate::outbox::Report;
use crate::task_user::Reach;

const COLUMNS: &str = "id, title, completed, owner_id, owner_name, tenant_id, version, \
    notification_status, notification_reason, audit_status";
const OWNER_NAME_MAX_CHARS: usize = 200;

/// A page of the tasks within `reach`, and one more if another page follows.
pub(crate) async fn list(
    mut read: Connection,
    reach: Reach<'_>,
    listing: &Listing,
) -> sqlx::Result<Vec<Task>> {
    let owner = match (
        reach.owner(),
        listing.owner_id.as_ref().map(BoundedText::as_str),
    ) {
        (Some(own), Some(wanted)) if own != wanted => return Ok(Vec::new()),
        (own, wanted) => own.or(wanted),
    };
    let (after, direction) = match listing.order {
        Order::Oldest => ("id > $4", "ASC"),
        Order::Newest => ("id < $4", "DESC"),
    };
    // With a plain condition the query uses the whole index. With `OR` it would use only the
    // index's tenant.
    let of_owner = if owner.is_some() {
        "owner_id = $2"
    } else {
        "CAST($2 AS TEXT) IS NULL"
    };
    // The CAST is for speed: SQLite plans by the value of a bare parameter after LIMIT, and parses
    // the statement again each time that such a parameter is bound.
    let query = format!(
        "SELECT {COLUMNS} FROM tasks WHERE tenant_id = $1 AND {of_owner}
         AND (CAST($3 AS INTEGER) IS NULL OR completed = $3) AND {after}
         ORDER BY id {direction} LIMIT CAST($5 AS BIGINT)"
    );
    let from = listing.cursor.unwrap_or(if listing.order == Order::Oldest {
        0
    } else {
        i64::MAX
    });
    sqlx::query_as(AssertSqlSafe(query))
        .bind(reach.tenant())
        .bind(owner)
        .bind(listing.completed.map(i32::from))
        .bind(from)
        .bind(listing.limit.with_one_more())
        .fetch_all(&mut *read)
        .await
}

/// The task, if it is within `reach`.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    reach: Reach<'_>,
    id: TaskId,
) -> sqlx::Result<Option<Task>> {
    select(connection, reach, id, "").await
}

/// The task, if it is within `reach`, locked until this transaction ends.
pub(crate) async fn lock(
    transaction: &mut AnyConnection,
    database: &Database,
    reach: Reach<'_>,
    id: TaskId,
) -> sqlx::Result<Option<Task>> {
    select(transaction, reach, id, database.backend().for_update()).await
}

async fn select(
    connection: &mut AnyConnection,
    reach: Reach<'_>,
    id: TaskId,
    locking: &str,
) -> sqlx::Result<Option<Task>> {
    let query = format!(
        "SELECT {COLUMNS} FROM tasks WHERE id = $1 AND tenant_id = $2
         AND (CAST($3 AS TEXT) IS NULL OR owner_id = $3) {locking}"
    );
    sqlx::query_as(AssertSqlSafe(query))
        .bind(id.0)
        .bind(reach.tenant())
        .bind(reach.owner())
        .fetch_optional(connection)
        .await
}

pub(crate) async fn create(
    transaction: &mut AnyConnection,
    owner: &Caller,
    title: &Title,
    report: Report,
) -> sqlx::Result<Task> {
    let name = owner.name.as_deref().unwrap_or(&owner.object_id);
    // A verified claim may hold any character, and PostgreSQL's text cannot store U+0000.
    let name: String = name
        .chars()
        .filter(|char| !char.is_control())
        .take(OWNER_NAME_MAX_CHARS)
        .collect();
    let insert = format!(
        "INSERT INTO tasks (tenant_id, owner_id, owner_name, title, notification_status,
         notification_reason, audit_status)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {COLUMNS}"
    );
    sqlx::query_as(AssertSqlSafe(insert))
        .bind(&owner.tenant)
        .bind(&owner.object_id)
        .bind(name)
        .bind(title.as_str())
        .bind(report.notification.as_str())
        .bind(report.notification_reason)
        .bind(report.audit.as_str())
        .fetch_one(transaction)
        .await
}

/// Changes a task that this transaction has locked.
pub(crate) async fn update(
    transaction: &mut AnyConnection,
    id: i64,
    change: &TaskChange,
    report: Report,
) -> sqlx::Result<Task> {
    let update = format!(
        "UPDATE tasks SET title = COALESCE($2, title), completed = COALESCE($3, completed),
         version = version + 1, notification_status = $4, notification_reason = $5,
         audit_status = $6 WHERE id = $1 RETURNING {COLUMNS}"
    );
    sqlx::query_as(AssertSqlSafe(update))
        .bind(id)
        .bind(change.title.as_ref().map(Title::as_str))
        .bind(change.completed.map(i32::from))
        .bind(report.notification.as_str())
        .bind(report.notification_reason)
        .bind(report.audit.as_str())
        .fetch_one(transaction)
        .await
}

/// Deletes a task that this transaction has locked.
pub(crate) async fn delete(transaction: &mut AnyConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM tasks WHERE id = $1")
        .bind(id)
        .execute(transaction)
        .await
        .map(drop)
}
