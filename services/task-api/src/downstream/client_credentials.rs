use std::sync::Arc;

use tokio::sync::Mutex;

use super::CallError;
use super::token_endpoint::{AccessToken, TokenEndpoint};

/// This application's own token for one service (RFC 6749 §4.4), from its home tenant.
#[derive(Debug)]
pub(super) struct ClientCredentials {
    endpoint: Arc<TokenEndpoint>,
    tenant: String,
    scope: String,
    current: Mutex<Option<AccessToken>>,
}

impl ClientCredentials {
    pub(super) fn new(endpoint: Arc<TokenEndpoint>, tenant: String, audience: &str) -> Self {
        Self { endpoint, tenant, scope: format!("api://{audience}/.default"), current: Mutex::default() }
    }

    /// The lock is held while asking, so that many requests at once lead to one question.
    pub(super) async fn token(&self) -> Result<AccessToken, CallError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| token.is_fresh()) {
            return Ok(token.clone());
        }
        let grant = [("grant_type", "client_credentials"), ("scope", &self.scope)];
        let token = self.endpoint.request(&self.tenant, &grant).await?;
        *current = Some(token.clone());
        Ok(token)
    }

    /// Drops a token that the service did not accept, so that the next call asks for another.
    pub(super) async fn forget(&self) {
        *self.current.lock().await = None;
    }
}
