use std::sync::atomic::AtomicBool;

use super::message::Kind;

/// The receivers whose last call failed.
#[derive(Debug, Default)]
pub(super) struct DownReceivers {
    notification: AtomicBool,
    audit: AtomicBool,
}

impl DownReceivers {
    pub(super) fn of(&self, kind: Kind) -> &AtomicBool {
        match kind {
            Kind::Notification => &self.notification,
            Kind::Audit => &self.audit,
        }
    }
}
