use portcullis_guard::BearerToken;

use super::delivery::Attempted;
use super::delivery_status::{AuditStatus, NotificationStatus};
use super::message::{Kind, Outcome};

/// The delivery statuses of a change so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) notification: NotificationStatus,
    pub(crate) notification_reason: Option<&'static str>,
    pub(crate) audit: AuditStatus,
}

impl Report {
    /// The statuses of a change before its first attempt.
    ///
    /// Without the user's token no notification can be sent on the user's behalf.
    pub(crate) fn before(token: Option<&BearerToken>) -> Self {
        let (notification, notification_reason) = match token {
            Some(_) => (NotificationStatus::Pending, None),
            None => (NotificationStatus::Failed, Some("no_user_token")),
        };
        Self {
            notification,
            notification_reason,
            audit: AuditStatus::Pending,
        }
    }

    pub(super) fn add(&mut self, attempted: &Attempted) {
        match (attempted.message.kind, attempted.outcome) {
            (Kind::Notification, Outcome::Delivered) => {
                self.notification = NotificationStatus::Sent;
            }
            (Kind::Notification, Outcome::GivenUp(reason)) => {
                self.notification = NotificationStatus::Failed;
                self.notification_reason = Some(reason);
            }
            (Kind::Audit, Outcome::Delivered) => self.audit = AuditStatus::Logged,
            _ => {}
        }
    }
}
