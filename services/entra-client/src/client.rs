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

/// About as many users as one instance serves within the life of a token; a slot takes some 3 KB.
const CACHED_GRANTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(8191);

/// Obtains tokens, and keeps them while they live. Clones share what they keep.
#[derive(Clone)]
pub struct EntraClient(Arc<TokenCache<TokenEndpoint>>);

impl EntraClient {
    /// Asks as `application`, within `budget` for each token.
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

    /// A token for `scope` in the name of the user whose token is `assertion`.
    ///
    /// It is asked for in the user's own tenant, since the common endpoint doesn't serve this
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

    /// Drops a user's token that the service did not accept, so that the next call asks for
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

    /// Drops an own token that the service did not accept, so that the next call asks for another.
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
