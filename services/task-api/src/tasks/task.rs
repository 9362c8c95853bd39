use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use portcullis_runtime::Problem;
use serde::{Deserialize, Serialize};

use crate::downstream::{AuditStatus, NotificationStatus, Outcome};
use crate::task_user::Reach;

const TITLE_MAX_CHARS: usize = 200;

/// A task as stored.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub(crate) struct Task {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) completed: bool,
    #[serde(skip)]
    pub(crate) owner_id: String,
    pub(crate) owner_name: String,
    pub(crate) tenant_id: String,
    pub(crate) notification_status: NotificationStatus,
    pub(crate) audit_status: AuditStatus,
}

/// A task as one caller sees it.
#[derive(Debug, Serialize)]
pub(crate) struct TaskView {
    #[serde(flatten)]
    task: Task,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<String>,
}

impl TaskView {
    /// Who reaches the tasks of others also learns whose they are.
    pub(crate) fn new(task: Task, reach: Reach<'_>) -> Self {
        let owner_id = matches!(reach, Reach::Tenant { .. }).then(|| task.owner_id.clone());
        Self { task, owner_id }
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
    Problem::new(StatusCode::NOT_FOUND, "task_not_found", "there is no such task among those you may use")
}

/// A title: trimmed, not empty, of at most 200 characters.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Title(String);

impl Title {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Title {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let title = raw.trim();
        match title.chars().count() {
            0 => Err("a title has at least one character other than blanks"),
            // SQLite ends text at NUL for its own functions, and a terminal obeys escapes.
            1..=TITLE_MAX_CHARS if title.chars().any(char::is_control) => Err("a title has no control characters"),
            1..=TITLE_MAX_CHARS => Ok(Self(title.to_owned())),
            _ => Err("a title has at most 200 characters"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    pub(crate) title: Title,
}

/// What to change; a missing or null field stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskChange {
    pub(crate) title: Option<Title>,
    pub(crate) completed: Option<bool>,
}

impl TaskChange {
    pub(crate) fn is_empty(&self) -> bool {
        self.title.is_none() && self.completed.is_none()
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    status: &'static str,
    notification_status: NotificationStatus,
    audit_status: AuditStatus,
}

impl Deleted {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self { status: "deleted", notification_status: outcome.notification, audit_status: outcome.audit }
    }
}

#[cfg(test)]
mod tests {
    use super::Title;

    #[test]
    fn a_title_is_trimmed_and_bounded_in_characters() {
        for (raw, title) in [
            ("  milk ".to_owned(), Some("milk".to_owned())),
            ("ä".repeat(200), Some("ä".repeat(200))),
            (format!("  {}  ", "x".repeat(200)), Some("x".repeat(200))),
            ("x".repeat(201), None),
            (String::new(), None),
            (" \u{2003}\t".to_owned(), None),
            ("nul\0".to_owned(), None),
        ] {
            assert_eq!(Title::try_from(raw.clone()).ok().map(|title| title.0), title, "{raw:?}");
        }
    }
}
