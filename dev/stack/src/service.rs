/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The task API.
    TaskApi,
    /// The notification service.
    Notification,
    /// The audit service.
    Audit,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::TaskApi, Self::Notification, Self::Audit];

    /// The name of its upstream and of its program.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskApi => "task-api",
            Self::Notification => "notification",
            Self::Audit => "audit",
        }
    }
}
