use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use portcullis_database::parsed;
use portcullis_reason_codes::TASK_NOT_FOUND;
use portcullis_runtime::Problem;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use utoipa::ToSchema;

use super::Title;
use crate::outbox::{AuditStatus, NotificationStatus, Report};
use crate::task_user::Reach;

/// A task, as stored.
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
    /// The task with the delivery statuses of its last change.
    pub(crate) fn reported(self, report: Report) -> Self {
        let notification_reason = report.notification_reason.map(str::to_owned);
        Self {
            notification_status: report.notification,
            notification_reason,
            audit_status: report.audit,
            ..self
        }
    }

    /// The task's version as an entity tag.
    ///
    /// The version counts changes of title and completion, which editors may overwrite. It does not
    /// count delivery statuses, because a delivery in the background is no conflict with an editor.
    pub(crate) fn etag(&self) -> HeaderValue {
        // Digits between quotes are always a header's value.
        HeaderValue::from_str(&format!("\"{}\"", self.version))
            .unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
    }
}

/// A task, as a caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskView {
    /// The id, which is never reused.
    id: i64,
    title: String,
    completed: bool,
    /// The owner's display name when the task was created.
    owner_name: String,
    tenant_id: String,
    /// The version, which grows with each change. `If-Match` takes it as an entity tag, such as
    /// `"3"`.
    version: i64,
    #[schema(inline)]
    notification_status: NotificationStatus,
    /// The reason code of the failed notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_reason: Option<String>,
    #[schema(inline)]
    audit_status: AuditStatus,
    /// The owner's object id, which only an Admin sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<String>,
}

impl TaskView {
    /// The view for a caller with `reach`. Only a caller that reaches the tenant sees the owner's
    /// id.
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
        // A path segment that is not a number is no task's id.
        let id = Path::<i64>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| task_not_found())
    }
}

/// The 404 for a missing task.
///
/// A task out of the caller's reach gets the same answer, which does not reveal that it exists.
pub(crate) fn task_not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        TASK_NOT_FOUND,
        "you may use no such task",
    )
}

/// A task to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    #[schema(inline)]
    pub(crate) title: Title,
}

/// A change of a task. A missing or null field stays as it is.
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

/// The reply for a deleted task, with the delivery statuses of the deletion so far.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// Always `deleted`.
    status: &'static str,
    #[schema(inline)]
    notification_status: NotificationStatus,
    /// The reason code of the failed notification.
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
