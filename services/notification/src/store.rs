use jiff::Timestamp;
use serde::Serialize;
use sqlx::SqlitePool;
use uuid::Uuid;

use crate::notifications::NewNotification;
use crate::notifier::Notifier;

const LIST_LIMIT: i64 = 50;
/// Claims come from a verified token, and are bounded all the same before they are stored.
const CLAIM_MAX_CHARS: usize = 320;

/// A notification as stored and shown.
#[derive(Clone, Serialize, sqlx::FromRow)]
pub(crate) struct Notification {
    id: String,
    event: String,
    task_title: String,
    #[serde(rename = "to")]
    recipient: Option<String>,
    email: Option<String>,
    user_oid: String,
    tenant_id: String,
    timestamp: String,
}

/// Notifications in SQLite. Each query is bound to one user of one tenant.
#[derive(Clone, Debug)]
pub(crate) struct NotificationStore {
    database: SqlitePool,
}

impl NotificationStore {
    pub(crate) fn new(database: SqlitePool) -> Self {
        Self { database }
    }

    /// Stores a notification to `notifier` and returns who it went to.
    pub(crate) async fn add(&self, notifier: &Notifier, new: &NewNotification) -> sqlx::Result<Option<String>> {
        let email = notifier.email.as_deref().map(bounded);
        let to = email.clone().or_else(|| notifier.name.as_deref().map(bounded));
        sqlx::query(
            "INSERT INTO notifications (id, event, task_title, recipient, email, user_oid, tenant_id, timestamp)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(Uuid::new_v4().to_string())
        .bind(new.event.as_str())
        .bind(new.task_title.as_str())
        .bind(&to)
        .bind(email)
        .bind(&notifier.object_id)
        .bind(&notifier.tenant)
        .bind(format!("{:.3}", Timestamp::now()))
        .execute(&self.database)
        .await?;
        Ok(to)
    }

    pub(crate) async fn newest_of(&self, notifier: &Notifier) -> sqlx::Result<Vec<Notification>> {
        sqlx::query_as(
            "SELECT id, event, task_title, recipient, email, user_oid, tenant_id, timestamp FROM notifications
             WHERE tenant_id = ?1 AND user_oid = ?2 ORDER BY sequence DESC LIMIT ?3",
        )
        .bind(&notifier.tenant)
        .bind(&notifier.object_id)
        .bind(LIST_LIMIT)
        .fetch_all(&self.database)
        .await
    }
}

fn bounded(claim: &str) -> String {
    claim.chars().take(CLAIM_MAX_CHARS).collect()
}
