use std::time::Duration;

use sqlx::AnyConnection;

use super::delivery_status::{AuditStatus, NotificationStatus};
use super::message::{Kind, Message};
use crate::clock::{milliseconds, unix_milliseconds};

/// Outcome of an attempt, to be stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note<'a> {
    Delivered(&'a Message),
    Postponed(&'a Message, Duration),
    /// The notification will not be retried, for this reason code.
    GivenUp(&'a Message, &'static str),
}

impl Note<'_> {
    pub(super) async fn apply(self, write: &mut AnyConnection) -> sqlx::Result<()> {
        match self {
            Note::Delivered(message) => {
                match message.kind {
                    Kind::Notification => {
                        set_notification(write, message, NotificationStatus::Sent, None).await?;
                    }
                    Kind::Audit => set_audit(write, message, AuditStatus::Logged).await?,
                }
                remove(write, message).await
            }
            Note::GivenUp(message, reason) => {
                let failed = NotificationStatus::Failed;
                set_notification(write, message, failed, Some(reason)).await?;
                remove(write, message).await
            }
            Note::Postponed(message, pause) => postpone(write, message, pause).await,
        }
    }
}

/// Sets the status of the task, unless the task has changed since.
async fn set_notification(
    write: &mut AnyConnection,
    message: &Message,
    status: NotificationStatus,
    reason: Option<&'static str>,
) -> sqlx::Result<()> {
    let update = "UPDATE tasks SET notification_status = $3, notification_reason = $4
        WHERE id = $1 AND version = $2";
    sqlx::query(update)
        .bind(message.task_id)
        .bind(message.task_version)
        .bind(status.as_str())
        .bind(reason)
        .execute(write)
        .await
        .map(drop)
}

/// Sets the status of the task, unless the task has changed since.
async fn set_audit(
    write: &mut AnyConnection,
    message: &Message,
    status: AuditStatus,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE tasks SET audit_status = $3 WHERE id = $1 AND version = $2")
        .bind(message.task_id)
        .bind(message.task_version)
        .bind(status.as_str())
        .execute(write)
        .await
        .map(drop)
}

async fn postpone(
    write: &mut AnyConnection,
    message: &Message,
    pause: Duration,
) -> sqlx::Result<()> {
    let due_at = unix_milliseconds().saturating_add(milliseconds(pause));
    sqlx::query("UPDATE outbox SET attempts = attempts + 1, due_at = $2 WHERE id = $1")
        .bind(message.id)
        .bind(due_at)
        .execute(write)
        .await
        .map(drop)
}

async fn remove(write: &mut AnyConnection, message: &Message) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM outbox WHERE id = $1")
        .bind(message.id)
        .execute(write)
        .await
        .map(drop)
}
