use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use portcullis_database::parsed;
use portcullis_runtime::Problem;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use utoipa::ToSchema;

use super::{AuditStatus, NotificationStatus, Title};
use crate::outbox::Report;
use crate::task_user::Reach;

/// A task as stored.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) completed: i64,
    pub(crate) owner_id: String,
    pub(crate) owner_name: String,
    pub(crate) tenant_id: String,
    pub(crate) version: i64,
    pub(crate) notification_status: NotificationStatus,
    pub(crate) notification_reason: Option<String>,
    pub(crate) audit_status: AuditStatus,
}

impl FromRow<'_, AnyRow> for Task {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            completed: row.try_get("completed")?,
            owner_id: row.try_get("owner_id")?,
            owner_name: row.try_get("owner_name")?,
            tenant_id: row.try_get("tenant_id")?,
            version: row.try_get("version")?,
            notification_status: parsed(row, "notification_status")?,
            notification_reason: row.try_get("notification_reason")?,
            audit_status: parsed(row, "audit_status")?,
        })
    }
}

impl Task {
    /// The task with what became of the announcements of its last change.
    pub(crate) fn reported(self, report: Report) -> Self {
        let notification_reason = report.notification_reason.map(str::to_owned);
        Self {
            notification_status: report.notification,
            notification_reason,
            audit_status: report.audit,
            ..self
        }
    }

    /// The task's version as an entity tag. It tells what an editor may overwrite: title and
    /// completion. The statuses of deliveries don't count, or each delivery in the background would
    /// be a conflict with whoever edits.
    pub(crate) fn etag(&self) -> HeaderValue {
        // Digits between quotes are always a header's value.
        HeaderValue::from_str(&format!("\"{}\"", self.version))
            .unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
    }
}

/// A task as one caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskView {
    /// Never given to another task.
    id: i64,
    title: String,
    completed: bool,
    /// The owner's display name when the task was created.
    owner_name: String,
    tenant_id: String,
    /// Grows with each change; as an entity tag, `"3"`, it goes into `If-Match`.
    version: i64,
    #[schema(inline)]
    notification_status: NotificationStatus,
    /// Why the last notification failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_reason: Option<String>,
    #[schema(inline)]
    audit_status: AuditStatus,
    /// Whose task it is; only an Admin sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<String>,
}

impl TaskView {
    /// Who reaches the tasks of others also learns whose they are.
    pub(crate) fn new(task: Task, reach: Reach<'_>) -> Self {
        let Task {
            id,
            title,
            owner_name,
            tenant_id,
            version,
            notification_status,
            notification_reason,
            ..
        } = task;
        Self {
            id,
            title,
            completed: task.completed != 0,
            owner_name,
            tenant_id,
            version,
            notification_status,
            notification_reason,
            audit_status: task.audit_status,
            owner_id: matches!(reach, Reach::Tenant { .. }).then_some(task.owner_id),
        }
    }

    pub(crate) fn id(&self) -> i64 {
        self.id
    }
}

/// The id in a task's path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskId(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for TaskId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // What is not a number is no task's id.
        let id = Path::<i64>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| task_not_found())
    }
}

/// Also the answer for a task out of reach: that it exists is not the caller's to know.
pub(crate) fn task_not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "task_not_found",
        "there is no such task among those you may use",
    )
}

/// A task to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    #[schema(inline)]
    pub(crate) title: Title,
}

/// What to change; a missing or null field stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskChange {
    #[schema(inline)]
    pub(crate) title: Option<Title>,
    pub(crate) completed: Option<bool>,
}

impl TaskChange {
    pub(crate) fn is_empty(&self) -> bool {
        self.title.is_none() && self.completed.is_none()
    }
}

/// That a task was deleted, and what the other services were told of it so far.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// Always `deleted`.
    status: &'static str,
    #[schema(inline)]
    notification_status: NotificationStatus,
    /// Why the notification failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_reason: Option<&'static str>,
    #[schema(inline)]
    audit_status: AuditStatus,
}

impl Deleted {
    pub(crate) fn new(report: Report) -> Self {
        let Report {
            notification,
            notification_reason,
            audit,
        } = report;
        Self {
            status: "deleted",
            notification_status: notification,
            notification_reason,
            audit_status: audit,
        }
    }
}
