//! What opens the routes of the sample.

use dev_stack::Front;
use dev_stack::directory::{ADMIN, AUDIT, NOTIFICATION, TASK_API, TASK_API_CLIENT};

/// Every protected route of `envoy/routes.yaml`, the first of each service first among its own.
pub const PROTECTED: [&str; 6] = [
    "/api/tasks",
    "/api/me",
    "/api/tasks/1",
    "/notification/notify",
    "/notification/notifications",
    "/auditing/audit",
];

/// A token for each service.
#[derive(Debug)]
pub struct Tokens {
    tasks: String,
    notifications: String,
    audit: String,
}

impl Tokens {
    /// Asks the identity provider.
    pub async fn request(front: &Front) -> anyhow::Result<Self> {
        let issuer = front.identity_provider();
        Ok(Self {
            tasks: issuer.user_token(ADMIN, TASK_API, "access_as_user").await?,
            notifications: issuer
                .user_token(ADMIN, NOTIFICATION, "Notify.Send")
                .await?,
            audit: issuer.application_token(TASK_API_CLIENT, AUDIT).await?,
        })
    }

    /// The token that opens this path.
    #[must_use]
    pub fn opening(&self, path: &str) -> &str {
        match path {
            path if path.starts_with("/notification") => &self.notifications,
            path if path.starts_with("/auditing") => &self.audit,
            _ => &self.tasks,
        }
    }
}
