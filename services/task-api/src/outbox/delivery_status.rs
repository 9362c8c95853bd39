use serde::Serialize;
use utoipa::ToSchema;

/// Delivery status of the notification of a task's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotificationStatus {
    /// The service retries it while the user's token lives.
    Pending,
    /// The notification service has received it.
    Sent,
    /// It will not be sent, for the reason in `notification_reason`.
    Failed,
    /// The change was made before this status existed.
    Unknown,
}

/// Delivery status of the audit entry of a task's last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuditStatus {
    /// The service retries it until it is logged.
    Pending,
    /// The audit trail has the entry.
    Logged,
    /// The change was made before entries were retried.
    Failed,
    /// The change was made before this status existed.
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
            .ok_or_else(|| format!("`{word}` is not a status"))
    }
}

impl TryFrom<String> for AuditStatus {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let all = [Self::Pending, Self::Logged, Self::Failed, Self::Unknown];
        all.into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| format!("`{word}` is not a status"))
    }
}
