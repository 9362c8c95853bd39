use serde::Serialize;
use utoipa::ToSchema;

/// What became of the notification of a task's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotificationStatus {
    /// It will be tried again while the user's token lives.
    Pending,
    /// The notification service has it.
    Sent,
    /// Nothing will come of it; `notification_reason` says why.
    Failed,
    /// Of a change before this was recorded.
    Unknown,
}

/// What became of the audit entry of a task's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditStatus {
    /// It will be tried until it is logged.
    Pending,
    /// The audit trail has it.
    Logged,
    /// Of a change before entries were tried again.
    Failed,
    /// Of a change before this was recorded.
    Unknown,
}

impl NotificationStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl AuditStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Logged => "logged",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl TryFrom<String> for NotificationStatus {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let all = [Self::Pending, Self::Sent, Self::Failed, Self::Unknown];
        all.into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| format!("{word} is no status"))
    }
}

impl TryFrom<String> for AuditStatus {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let all = [Self::Pending, Self::Logged, Self::Failed, Self::Unknown];
        all.into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| format!("{word} is no status"))
    }
}
