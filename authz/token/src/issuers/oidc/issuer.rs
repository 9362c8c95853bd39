use std::sync::Arc;
use std::time::Duration;

use super::OidcSettings;
use super::token::caller;
use crate::caller::Caller;
use crate::claims::Claims;
use crate::issuers::audience::Audiences;
use crate::jws::Algorithm;
use crate::keys::{
    FetchError, FetchedKeys, KeyCache, KeyLocation, KeyPolicy, KeySource, KeySources,
    PublishedKeys, SourceId, VerificationKey,
};
use crate::token_denied::{Reason, TokenDenied};

/// One provider with its signing keys.
#[derive(Debug)]
pub(crate) struct OidcIssuer {
    settings: OidcSettings,
    keys: Arc<KeyCache>,
}

/// The origin of a token that names this provider, with the keys that must verify it.
#[derive(Debug)]
pub(crate) struct OidcOrigin<'a> {
    settings: &'a OidcSettings,
    keys: Arc<FetchedKeys>,
}

impl OidcIssuer {
    pub(crate) fn start(keys: &KeySources, settings: OidcSettings) -> Self {
        let location = settings.keys.clone();
        let algorithms = settings.algorithms.clone();
        let owner = settings.issuer.clone();
        let id = SourceId {
            location: location.clone(),
            algorithms: algorithms.clone(),
            owner,
        };
        let remote = PublishedKeys {
            http: keys.http.clone(),
            location,
            algorithms,
        };
        let source = ProviderKeys {
            remote,
            issuer: settings.issuer.clone(),
        };
        let policy = policy_for(&settings.keys, &keys.policy);
        let keys = keys.cache(id, source, policy);
        Self::with_keys(settings, keys)
    }

    pub(crate) fn with_keys(settings: OidcSettings, keys: Arc<KeyCache>) -> Self {
        Self { settings, keys }
    }

    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        &self.settings.algorithms
    }

    pub(crate) fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Checks that `iss` is exactly the issuer (OpenID Connect Core §3.1.3.7).
    pub(crate) fn origin_of(&self, claims: &Claims) -> Result<OidcOrigin<'_>, TokenDenied> {
        if claims.text("iss")? != self.settings.issuer {
            return Err(TokenDenied::new(
                Reason::IssuerNotAllowed,
                "the token was issued by another issuer",
            ));
        }
        let unavailable = || {
            TokenDenied::new(
                Reason::KeysUnavailable,
                "the issuer's signing keys are unavailable; try again in a moment",
            )
        };
        Ok(OidcOrigin {
            settings: &self.settings,
            keys: self.keys.keys().ok_or_else(unavailable)?,
        })
    }

    pub(crate) fn key_cache(&self) -> &KeyCache {
        &self.keys
    }
}

impl OidcOrigin<'_> {
    pub(crate) fn caller(
        &self,
        claims: &Claims,
        audiences: &Audiences,
    ) -> Result<Caller, TokenDenied> {
        caller(claims, self.settings, audiences)
    }

    pub(crate) fn key(&self, kid: &str) -> Result<&VerificationKey, TokenDenied> {
        let unknown = || {
            TokenDenied::new(
                Reason::KeyUnknown,
                "the token is signed with a key that its issuer does not publish",
            )
        };
        self.keys.keys.get(kid).ok_or_else(unknown)
    }
}

/// The policy for keys at this location. A file is polled often, because that costs nothing. Keys
/// from a file or a policy are on disk already, so they are not stored.
fn policy_for(keys: &KeyLocation, policy: &KeyPolicy) -> KeyPolicy {
    match keys {
        KeyLocation::Discovery { .. } | KeyLocation::KeySet(_) => policy.clone(),
        KeyLocation::File(_) => KeyPolicy {
            refresh_every: Duration::from_secs(10),
            cool_down: Duration::from_secs(1),
            store: None,
            ..policy.clone()
        },
        KeyLocation::Inline(_) => KeyPolicy {
            store: None,
            ..policy.clone()
        },
    }
}

/// The keys of one provider. Metadata that names another issuer is an error (OpenID Connect
/// Discovery §4.3).
struct ProviderKeys {
    remote: PublishedKeys,
    issuer: String,
}

impl KeySource for ProviderKeys {
    fn name(&self) -> String {
        match self.remote.location {
            // Two providers' inline keys are two sources.
            KeyLocation::Inline(_) => format!("inline keys of {}", self.issuer),
            _ => self.remote.name(),
        }
    }

    fn algorithms(&self) -> &[Algorithm] {
        self.remote.algorithms()
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let fetched = self.remote.fetch().await?;
        match (&self.remote.location, &fetched.issuer) {
            (KeyLocation::Discovery { url, .. }, Some(named)) if *named != self.issuer => {
                let problem = format!(
                    "its issuer '{named}' is not '{}'; copy the provider's spelling, slashes \
                     included",
                    self.issuer
                );
                Err(FetchError::Discovery {
                    url: url.clone(),
                    problem,
                })
            }
            _ => Ok(fetched),
        }
    }
}
