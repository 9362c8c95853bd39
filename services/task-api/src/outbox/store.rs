use std::time::Duration;

use portcullis_database::Database;
use sqlx::{AnyConnection, AssertSqlSafe};
use uuid::Uuid;

use super::message::{Kind, Message};
use super::note::Note;
use super::{Change, OldRows};
use crate::clock::{milliseconds, unix_milliseconds};

/// The outbox in the database, as one process uses it.
#[derive(Debug)]
pub(super) struct OutboxStore {
    database: Database,
    process: String,
    old_rows: OldRows,
}

const COLUMNS: &str = "id, kind, idempotency_key, event, task_id, task_version, task_title, \
    tenant_id, actor_id, request_id, attempts";

impl OutboxStore {
    pub(super) fn new(database: Database, process: String, old_rows: OldRows) -> Self {
        Self {
            database,
            process,
            old_rows,
        }
    }

    /// Adds a message that the dispatcher does not claim for `pause`.
    pub(super) async fn add(
        &self,
        transaction: &mut AnyConnection,
        kind: Kind,
        change: &Change<'_>,
        pause: Duration,
    ) -> sqlx::Result<Message> {
        let now = unix_milliseconds();
        let insert = "INSERT INTO outbox (kind, idempotency_key, event, task_id, task_version,
             task_title, tenant_id, actor_id, request_id, process, created_at, due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             RETURNING id, kind, idempotency_key, event, task_id, task_version, task_title,
             tenant_id, actor_id, request_id, attempts";
        sqlx::query_as(insert)
            .bind(kind.as_str())
            .bind(Uuid::new_v4().to_string())
            .bind(change.event.as_str())
            .bind(change.task_id)
            .bind(change.task_version)
            .bind(change.title)
            .bind(change.tenant)
            .bind(change.actor)
            .bind(change.request_id)
            .bind(&self.process)
            .bind(now)
            .bind(now.saturating_add(milliseconds(pause)))
            .fetch_one(transaction)
            .await
    }

    /// Claims up to `limit` due messages for `claim`. No other attempt takes them meanwhile.
    pub(super) async fn claim(&self, limit: usize, claim: Duration) -> sqlx::Result<Vec<Message>> {
        let now = unix_milliseconds();
        let due = "due_at <= $1 AND (kind = 'audit' OR process = $2)";
        // Most polls find nothing, and this query takes no lock.
        let poll = format!("SELECT id FROM outbox WHERE {due} LIMIT 1");
        let mut read = self.database.read().await?;
        let found = sqlx::query(AssertSqlSafe(poll))
            .bind(now)
            .bind(&self.process)
            .fetch_optional(&mut *read)
            .await?;
        drop(read);
        if found.is_none() {
            return Ok(Vec::new());
        }
        let locked = self.database.backend().skip_locked();
        let update = format!(
            "UPDATE outbox SET due_at = $3
             WHERE id IN (SELECT id FROM outbox WHERE {due} ORDER BY due_at LIMIT $4 {locked})
             RETURNING {COLUMNS}"
        );
        let mut write = self.database.write().await?;
        let messages = sqlx::query_as(AssertSqlSafe(update))
            .bind(now)
            .bind(&self.process)
            .bind(now.saturating_add(milliseconds(claim)))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *write)
            .await?;
        write.commit().await?;
        Ok(messages)
    }

    /// Stores the outcomes of attempts, all or none.
    pub(super) async fn note(&self, notes: &[Note<'_>]) -> sqlx::Result<()> {
        if notes.is_empty() {
            return Ok(());
        }
        let mut write = self.database.write().await?;
        for note in notes {
            note.apply(&mut write).await?;
        }
        write.commit().await
    }

    /// Makes the postponed messages of this kind due, because the receiver is back.
    pub(super) async fn make_due(&self, kind: Kind) -> sqlx::Result<()> {
        let mut write = self.database.write().await?;
        sqlx::query(
            "UPDATE outbox SET due_at = $1 WHERE kind = $2 AND attempts > 0 AND due_at > $1",
        )
        .bind(unix_milliseconds())
        .bind(kind.as_str())
        .execute(&mut *write)
        .await?;
        write.commit().await
    }

    /// Stores this process's heartbeat, which is valid for `ttl`.
    pub(super) async fn send_heartbeat(&self, ttl: Duration) -> sqlx::Result<()> {
        let mut write = self.database.write().await?;
        let now = unix_milliseconds();
        sqlx::query("DELETE FROM processes WHERE lives_until < $1")
            .bind(now)
            .execute(&mut *write)
            .await?;
        // Old rows are deleted here because this transaction runs every few seconds.
        self.old_rows.delete(&mut write).await?;
        sqlx::query(
            "INSERT INTO processes (id, lives_until) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET lives_until = EXCLUDED.lives_until",
        )
        .bind(&self.process)
        .bind(now.saturating_add(milliseconds(ttl)))
        .execute(&mut *write)
        .await?;
        write.commit().await
    }

    /// Gives up notifications whose process is gone, and the user's token with it.
    pub(super) async fn give_up_orphans(&self) -> sqlx::Result<usize> {
        let mut read = self.database.read().await?;
        let orphans = format!(
            "SELECT {COLUMNS} FROM outbox WHERE kind = 'notification'
             AND process NOT IN (SELECT id FROM processes WHERE lives_until >= $1)
             ORDER BY id LIMIT 100"
        );
        let orphans: Vec<Message> = sqlx::query_as(AssertSqlSafe(orphans))
            .bind(unix_milliseconds())
            .fetch_all(&mut *read)
            .await?;
        drop(read);
        let notes: Vec<_> = orphans
            .iter()
            .map(|message| Note::GivenUp(message, "user_token_lost"))
            .collect();
        self.note(&notes).await?;
        Ok(orphans.len())
    }

    /// Deletes this process's heartbeat, and gives up the notifications that only it could deliver.
    pub(super) async fn leave(&self) -> sqlx::Result<()> {
        let mut write = self.database.write().await?;
        sqlx::query("DELETE FROM processes WHERE id = $1")
            .bind(&self.process)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        while self.give_up_orphans().await? > 0 {}
        Ok(())
    }

    /// The number of waiting messages of `kind`, and the age of the oldest in milliseconds.
    pub(super) async fn waiting(&self, kind: Kind) -> sqlx::Result<(i64, i64)> {
        let mut read = self.database.read().await?;
        let (depth, oldest): (i64, Option<i64>) =
            sqlx::query_as("SELECT COUNT(*), MIN(created_at) FROM outbox WHERE kind = $1")
                .bind(kind.as_str())
                .fetch_one(&mut *read)
                .await?;
        Ok((
            depth,
            oldest.map_or(0, |oldest| {
                unix_milliseconds().saturating_sub(oldest).max(0)
            }),
        ))
    }
}
