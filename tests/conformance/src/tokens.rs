//! Tokens for the routes of the sample.

use dev_stack::GatewayOnly;
use dev_stack::directory::{ADMIN, AUDIT, NOTIFICATION, TASK_API, TASK_API_CLIENT};

/// Every protected route of `envoy/routes.yaml`, grouped by service.
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
    /// Obtains the tokens from the identity provider.
    pub async fn request(gateway: &GatewayOnly) -> anyhow::Result<Self> {
        let issuer = gateway.identity_provider();
        Ok(Self {
            tasks: issuer.user_token(ADMIN, TASK_API, "access_as_user").await?,
            notifications: issuer
                .user_token(ADMIN, NOTIFICATION, "Notify.Send")
                .await?,
            audit: issuer.application_token(TASK_API_CLIENT, AUDIT).await?,
        })
    }

    /// Returns the token for the service of `path`.
    #[must_use]
    pub fn opening(&self, path: &str) -> &str {
        match path {
            path if path.starts_with("/notification") => &self.notifications,
            path if path.starts_with("/auditing") => &self.audit,
            _ => &self.tasks,
        }
    }
}
