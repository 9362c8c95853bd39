use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use lru::LruCache;
use portcullis_guard::BearerToken;

use super::CallError;
use super::token_endpoint::{AccessToken, TokenEndpoint};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// About as many users as one instance serves within the life of a token.
const CACHED_TOKENS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// Tokens for one service on behalf of users: the jwt-bearer grant (RFC 7523 §2.1) as Entra extends it.
#[derive(Debug)]
pub(super) struct OnBehalfOf {
    endpoint: Arc<TokenEndpoint>,
    scope: String,
    tokens: Mutex<LruCache<ExchangeKey, AccessToken>>,
}

/// What was exchanged for what. A digest stands for the user's token, which is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ExchangeKey {
    assertion: Vec<u8>,
    scope: String,
    tenant: String,
}

impl OnBehalfOf {
    pub(super) fn new(endpoint: Arc<TokenEndpoint>, audience: &str) -> Self {
        let scope = format!("api://{audience}/.default");
        Self { endpoint, scope, tokens: Mutex::new(LruCache::new(CACHED_TOKENS)) }
    }

    /// Exchanges the user's token in the user's own tenant: the common endpoint does not serve this grant.
    pub(super) async fn token(&self, tenant: &str, assertion: &BearerToken) -> Result<AccessToken, CallError> {
        let key = self.key(tenant, assertion);
        if let Some(token) = self.lock().get(&key).filter(|token| token.is_fresh()) {
            return Ok(token.clone());
        }
        let grant = [
            ("grant_type", JWT_BEARER),
            ("requested_token_use", "on_behalf_of"),
            ("assertion", assertion.reveal()),
            ("scope", &self.scope),
        ];
        let token = self.endpoint.request(tenant, &grant).await?;
        self.lock().put(key, token.clone());
        Ok(token)
    }

    /// Drops a token that the service did not accept, so that the next call asks for another.
    pub(super) fn forget(&self, tenant: &str, assertion: &BearerToken) {
        let key = self.key(tenant, assertion);
        self.lock().pop(&key);
    }

    fn key(&self, tenant: &str, assertion: &BearerToken) -> ExchangeKey {
        let assertion = digest(&SHA256, assertion.reveal().as_bytes()).as_ref().to_vec();
        ExchangeKey { assertion, scope: self.scope.clone(), tenant: tenant.to_owned() }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<ExchangeKey, AccessToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
