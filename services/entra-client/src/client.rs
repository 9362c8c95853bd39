use std::num::NonZeroUsize;
use std::sync::Arc;

use reqwest::Client;

use crate::access_token::AccessToken;
use crate::application::Application;
use crate::cache::TokenCache;
use crate::error::TokenError;
use crate::grant::{Grant, GrantKind};
use crate::metrics::TokenMetrics;
use crate::retry::Budget;
use crate::token_endpoint::TokenEndpoint;

/// Maximum number of cached grants. A slot takes about 3 KB.
///
/// It is about the number of users that one instance serves within the life of a token.
const CACHED_GRANTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(8191);

/// Obtains tokens and caches them while they live. Clones share the cache.
#[derive(Clone)]
pub struct EntraClient(Arc<TokenCache<TokenEndpoint>>);

impl EntraClient {
    /// A client for `application` that spends at most `budget` on each token.
    #[must_use]
    pub fn new(
        http: Client,
        application: Application,
        budget: Budget,
        metrics: TokenMetrics,
    ) -> Self {
        Self(TokenCache::new(
            TokenEndpoint::new(http, application),
            budget,
            CACHED_GRANTS,
            metrics,
        ))
    }

    /// A token for `scope` on behalf of the user whose token is `assertion`.
    ///
    /// The request goes to the user's own tenant, because the common endpoint does not serve this
    /// grant.
    pub async fn on_behalf_of(
        &self,
        tenant: &str,
        assertion: &str,
        scope: &str,
    ) -> Result<AccessToken, TokenError> {
        self.0.token(&user_grant(tenant, assertion, scope)).await
    }

    /// A token for `scope` in this application's own name, from its home tenant.
    pub async fn as_itself(&self, scope: &str) -> Result<AccessToken, TokenError> {
        self.0.token(&self.own_grant(scope)).await
    }

    /// Drops a user's token that the service did not accept, so that the next call requests
    /// another.
    pub fn forget_on_behalf_of(
        &self,
        tenant: &str,
        assertion: &str,
        scope: &str,
        token: &AccessToken,
    ) {
        self.0.forget(&user_grant(tenant, assertion, scope), token);
    }

    /// Drops an own token that the service did not accept, so that the next call requests another.
    pub fn forget_as_itself(&self, scope: &str, token: &AccessToken) {
        self.0.forget(&self.own_grant(scope), token);
    }

    fn own_grant(&self, scope: &str) -> Grant {
        let tenant = self.0.source().home_tenant().into();
        Grant {
            tenant,
            scope: scope.into(),
            kind: GrantKind::ClientCredentials,
        }
    }
}

fn user_grant(tenant: &str, assertion: &str, scope: &str) -> Grant {
    Grant {
        tenant: tenant.into(),
        scope: scope.into(),
        kind: GrantKind::OnBehalfOf(assertion.into()),
    }
}

impl std::fmt::Debug for EntraClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("EntraClient")
            .field(self.0.source())
            .finish_non_exhaustive()
    }
}
