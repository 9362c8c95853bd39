use std::sync::Arc;

use reqwest::Client;

use super::OidcSettings;
use super::token::caller;
use crate::algorithm::Algorithm;
use crate::audience::Audiences;
use crate::caller::Caller;
use crate::claims::Claims;
use crate::fetch::{FetchError, FetchedKeys, KeyLocation, RemoteKeys};
use crate::jwk::VerificationKey;
use crate::key_cache::{KeyCache, KeyPolicy, KeySource};
use crate::refusal::{Reason, Refusal};

/// One provider with its signing keys.
#[derive(Debug)]
pub(crate) struct OidcIssuer {
    settings: OidcSettings,
    keys: KeyCache,
}

/// A token that says it is the provider's, with the keys that must have signed it.
#[derive(Debug)]
pub(crate) struct OidcOrigin<'a> {
    settings: &'a OidcSettings,
    keys: Arc<FetchedKeys>,
}

impl OidcIssuer {
    pub(crate) fn start(http: &Client, settings: OidcSettings, policy: KeyPolicy) -> Self {
        let (location, algorithms) = (settings.keys.clone(), settings.algorithms.clone());
        let remote = RemoteKeys { http: http.clone(), location, algorithms };
        let keys = KeyCache::start(ProviderKeys { remote, issuer: settings.issuer.clone() }, policy);
        Self::with_keys(settings, keys)
    }

    pub(super) fn with_keys(settings: OidcSettings, keys: KeyCache) -> Self {
        Self { settings, keys }
    }

    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        &self.settings.algorithms
    }

    /// OpenID Connect Core §3.1.3.7: the issuer is compared exactly.
    pub(crate) fn origin_of(&self, claims: &Claims) -> Result<OidcOrigin<'_>, Refusal> {
        if claims.text("iss")? != self.settings.issuer {
            return Err(Refusal::new(Reason::IssuerNotAllowed, "the token was issued by somebody else"));
        }
        let unavailable = || {
            Refusal::new(Reason::KeysUnavailable, "the issuer's signing keys are not at hand; try again in a moment")
        };
        Ok(OidcOrigin { settings: &self.settings, keys: self.keys.keys().ok_or_else(unavailable)? })
    }

    pub(crate) async fn refresh(&self) -> bool {
        self.keys.refresh().await
    }

    pub(crate) fn key_epoch(&self) -> u64 {
        self.keys.epoch()
    }

    pub(crate) async fn ready(&self) {
        self.keys.ready().await;
    }

    pub(crate) fn missing_keys(&self) -> Vec<String> {
        if self.keys.keys().is_some() {
            return Vec::new();
        }
        let issuer = &self.settings.issuer;
        vec![
            self.keys
                .status()
                .error
                .map_or_else(|| format!("{issuer}: has not answered yet"), |error| error.to_string()),
        ]
    }
}

impl OidcOrigin<'_> {
    pub(crate) fn caller(&self, claims: &Claims, audiences: &Audiences) -> Result<Caller, Refusal> {
        caller(claims, self.settings, audiences)
    }

    pub(crate) fn key(&self, kid: &str) -> Result<&VerificationKey, Refusal> {
        let unknown =
            || Refusal::new(Reason::KeyUnknown, "the token is signed with a key that its issuer does not publish");
        self.keys.keys.get(kid).ok_or_else(unknown)
    }
}

/// Keys of a provider, taken only if the metadata they come with is that provider's (OpenID Connect Discovery §4.3).
struct ProviderKeys {
    remote: RemoteKeys,
    issuer: String,
}

impl KeySource for ProviderKeys {
    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let fetched = self.remote.fetch().await?;
        match (&self.remote.location, &fetched.issuer) {
            (KeyLocation::Discovery { url, .. }, Some(named)) if *named != self.issuer => {
                let problem = format!(
                    "its issuer '{named}' is not '{}'; copy the provider's spelling, slashes included",
                    self.issuer
                );
                Err(FetchError::Discovery { url: url.clone(), problem })
            }
            _ => Ok(fetched),
        }
    }
}
