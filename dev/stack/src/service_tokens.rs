use crate::directory::{ADMIN, AUDIT, NOTIFICATION, TASK_API, TASK_API_CLIENT};
use crate::identity_provider::IdentityProvider;

/// A token for each service.
#[derive(Debug)]
pub struct ServiceTokens {
    tasks: String,
    notifications: String,
    audit: String,
}

impl ServiceTokens {
    /// Obtains the tokens from the identity provider.
    pub async fn request(issuer: &IdentityProvider) -> anyhow::Result<Self> {
        Ok(Self {
            tasks: issuer.user_token(ADMIN, TASK_API, "access_as_user").await?,
            notifications: issuer
                .user_token(ADMIN, NOTIFICATION, "Notify.Send")
                .await?,
            audit: issuer.application_token(TASK_API_CLIENT, AUDIT).await?,
        })
    }

    /// The token for the service of `path`.
    #[must_use]
    pub fn opening(&self, path: &str) -> &str {
        match path {
            path if path.starts_with("/notification") => &self.notifications,
            path if path.starts_with("/auditing") => &self.audit,
            _ => &self.tasks,
        }
    }
}
