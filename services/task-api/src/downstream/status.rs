use serde::Serialize;

/// What became of the notification of a task's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub(crate) enum NotificationStatus {
    Sent,
    Failed,
    /// Not attempted.
    Unknown,
}

/// What became of the audit entry of a task's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub(crate) enum AuditStatus {
    Logged,
    Failed,
    /// Not attempted.
    Unknown,
}

/// How the announcements of one change went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) notification: NotificationStatus,
    pub(crate) audit: AuditStatus,
}
