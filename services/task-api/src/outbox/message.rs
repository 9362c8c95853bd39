use portcullis_database::parsed;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use crate::downstream::Event;

/// Kind of a message, which decides its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Notification,
    Audit,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Notification, Self::Audit];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::Audit => "audit",
        }
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| format!("{word} is not a kind of message"))
    }
}

/// A row of the outbox.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: i64,
    pub(super) kind: Kind,
    pub(super) idempotency_key: String,
    pub(super) event: Event,
    pub(super) task_id: i64,
    pub(super) task_version: i64,
    pub(super) task_title: String,
    pub(super) tenant_id: String,
    pub(super) actor_id: String,
    pub(super) request_id: Option<String>,
    pub(super) attempts: i64,
}

impl FromRow<'_, AnyRow> for Message {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            kind: parsed(row, "kind")?,
            idempotency_key: row.try_get("idempotency_key")?,
            event: parsed(row, "event")?,
            task_id: row.try_get("task_id")?,
            task_version: row.try_get("task_version")?,
            task_title: row.try_get("task_title")?,
            tenant_id: row.try_get("tenant_id")?,
            actor_id: row.try_get("actor_id")?,
            request_id: row.try_get("request_id")?,
            attempts: row.try_get("attempts")?,
        })
    }
}

/// Outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    /// The message will be retried.
    Postponed,
    /// The notification will not be retried, for this reason code.
    GivenUp(&'static str),
}

impl Outcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Postponed => "postponed",
            Self::GivenUp(_) => "given_up",
        }
    }
}
