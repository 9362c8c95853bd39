use jiff::Timestamp;
use portcullis_database::{Database, query_failed};
use portcullis_runtime::{BoundedText, IdempotencyKey, Problem};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use crate::filter::Filter;
use crate::new_notification::NewNotification;
use crate::notifier::{Notifier, Recipient};

/// Maximum length of a stored claim. Even a verified token may hold a long one.
const CLAIM_MAX_CHARS: usize = 320;

/// A notification, as stored and shown.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Notification {
    pub(crate) id: String,
    /// What happened.
    pub(crate) event: String,
    /// The task that it happened to.
    pub(crate) task_title: String,
    /// The user's e-mail address, else the name.
    #[serde(rename = "to")]
    #[schema(required)]
    pub(crate) recipient: Option<String>,
    /// The user's e-mail address, if the token has one.
    #[schema(required)]
    email: Option<String>,
    /// The user's object id.
    user_oid: String,
    /// The user's tenant.
    tenant_id: String,
    /// The application that sent it on the user's behalf.
    caller_app_id: String,
    /// When the notification was sent.
    #[schema(schema_with = portcullis_runtime::timestamp_schema)]
    timestamp: String,
}

impl FromRow<'_, AnyRow> for Notification {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            event: row.try_get("event")?,
            task_title: row.try_get("task_title")?,
            recipient: row.try_get("recipient")?,
            email: row.try_get("email")?,
            user_oid: row.try_get("user_oid")?,
            tenant_id: row.try_get("tenant_id")?,
            caller_app_id: row.try_get("caller_app_id")?,
            timestamp: row.try_get("timestamp")?,
        })
    }
}

/// Notifications in the database. Each query is bound to one user of one tenant.
#[derive(Clone, Debug)]
pub(crate) struct NotificationStore {
    pub(crate) database: Database,
}

impl NotificationStore {
    /// Stores a notification to the notifier's user and returns it.
    ///
    /// For a used key it returns the earlier notification.
    pub(crate) async fn add(
        &self,
        notifier: &Notifier,
        new: &NewNotification,
        key: Option<&IdempotencyKey>,
    ) -> Result<Notification, Problem> {
        let user = &notifier.user;
        let notification = Notification::new(notifier, new);
        let mut write = self.database.write().await.map_err(query_failed)?;
        // On PostgreSQL the INSERT waits for a concurrent one with the same key, and then sees it.
        let inserted = sqlx::query(
            "INSERT INTO notifications
             (id, event, task_title, recipient, email, user_oid, tenant_id, caller_app_id,
              idempotency_key, timestamp)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (tenant_id, user_oid, idempotency_key) DO NOTHING",
        )
        .bind(&notification.id)
        .bind(&notification.event)
        .bind(&notification.task_title)
        .bind(notification.recipient.as_deref())
        .bind(notification.email.as_deref())
        .bind(&user.object_id)
        .bind(&user.tenant)
        .bind(&notifier.app_id)
        .bind(key.map(IdempotencyKey::as_str))
        .bind(&notification.timestamp)
        .execute(&mut *write)
        .await
        .map_err(query_failed)?;
        if inserted.rows_affected() == 1 {
            write.commit().await.map_err(query_failed)?;
            return Ok(notification);
        }
        let select = "SELECT * FROM notifications
            WHERE tenant_id = $1 AND user_oid = $2 AND idempotency_key = $3";
        let query = sqlx::query_as(select)
            .bind(&user.tenant)
            .bind(&user.object_id);
        let before: Notification = query
            .bind(key.map(IdempotencyKey::as_str))
            .fetch_one(&mut *write)
            .await
            .map_err(query_failed)?;
        let is_the_same =
            before.event == notification.event && before.task_title == notification.task_title;
        if is_the_same {
            Ok(before)
        } else {
            Err(IdempotencyKey::reused())
        }
    }

    /// The user's notifications that match the filter, the newest first: a page and one more.
    pub(crate) async fn newest_of(
        &self,
        user: &Recipient,
        filter: &Filter,
    ) -> sqlx::Result<Vec<Notification>> {
        sqlx::query_as(
            "SELECT * FROM notifications WHERE tenant_id = $1 AND user_oid = $2
             AND (CAST($3 AS TEXT) IS NULL OR event = $3) AND (CAST($4 AS TEXT) IS NULL OR id < $4)
             ORDER BY id DESC LIMIT CAST($5 AS BIGINT)",
        )
        .bind(&user.tenant)
        .bind(&user.object_id)
        .bind(filter.event.as_ref().map(BoundedText::as_str))
        .bind(filter.cursor.map(|cursor| cursor.to_string()))
        .bind(filter.limit.with_one_more())
        .fetch_all(&mut *self.database.read().await?)
        .await
    }
}

impl Notification {
    fn new(notifier: &Notifier, new: &NewNotification) -> Self {
        let user = &notifier.user;
        let email = user.email.as_deref().map(bounded);
        Self {
            id: Uuid::now_v7().to_string(),
            event: new.event.as_str().to_owned(),
            task_title: new.task_title.as_str().to_owned(),
            recipient: email.clone().or_else(|| user.name.as_deref().map(bounded)),
            email,
            user_oid: user.object_id.clone(),
            tenant_id: user.tenant.clone(),
            caller_app_id: notifier.app_id.clone(),
            timestamp: format!("{:.3}", Timestamp::now()),
        }
    }
}

/// A claim of bounded length without U+0000, which PostgreSQL cannot store.
fn bounded(claim: &str) -> String {
    claim
        .chars()
        .filter(|character| *character != '\0')
        .take(CLAIM_MAX_CHARS)
        .collect()
}
