mod keys;
#[cfg(test)]
mod simulated_time_tests;

use std::ops::Range;

use reqwest::Client;

use crate::caller::Caller;
use crate::claims::{Claims, TimeRules, check_confirmation};
use crate::issuers::{
    Audiences, EntraIssuer, EntraSettings, Issuer, OidcIssuer, OidcSettings, Origin,
};
use crate::jws::HeaderMemo;
use crate::jwt::Unopened;
use crate::keys::{KeyCache, KeyPolicy, KeySources};
use crate::token_denied::{Reason, TokenDenied};
pub use keys::MissingKeys;

/// The result of verifying a token.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The caller.
    pub caller: Caller,
    /// All claims of the token, for rules on further claims.
    pub claims: Claims,
    /// When the token is valid, in seconds since 1970, the skew included.
    pub valid: Range<u64>,
    /// The [`Verifier::key_epoch`] that it was verified under.
    pub key_epoch: u64,
}

/// Verifies tokens of one issuer.
#[derive(Debug)]
pub struct Verifier {
    pub(crate) issuer: Issuer,
    pub(crate) times: TimeRules,
    headers: HeaderMemo,
}

impl Verifier {
    pub(crate) fn new(issuer: Issuer, times: TimeRules) -> Self {
        Self {
            issuer,
            times,
            headers: HeaderMemo::default(),
        }
    }

    /// A verifier of Entra's tokens; starts fetching the signing keys of each tenant.
    #[must_use]
    pub fn entra(
        http: &Client,
        settings: EntraSettings,
        keys: &KeyPolicy,
        times: TimeRules,
    ) -> Self {
        Self::entra_with(
            &KeySources::new(http.clone(), keys.clone()),
            settings,
            times,
        )
    }

    /// A verifier of Entra's tokens, with the keys that `keys` shares.
    #[must_use]
    pub fn entra_with(keys: &KeySources, settings: EntraSettings, times: TimeRules) -> Self {
        Self::new(Issuer::Entra(EntraIssuer::start(keys, settings)), times)
    }

    /// A verifier of the access tokens of one OpenID Connect provider; starts fetching its signing
    /// keys.
    #[must_use]
    pub fn oidc(http: &Client, settings: OidcSettings, keys: &KeyPolicy, times: TimeRules) -> Self {
        Self::oidc_with(
            &KeySources::new(http.clone(), keys.clone()),
            settings,
            times,
        )
    }

    /// A verifier of one OpenID Connect provider's tokens, with the keys that `keys` shares.
    #[must_use]
    pub fn oidc_with(keys: &KeySources, settings: OidcSettings, times: TimeRules) -> Self {
        Self::new(Issuer::Oidc(OidcIssuer::start(keys, settings)), times)
    }

    /// Verifies `token` for an API with these `audiences` at `now`, in seconds since 1970.
    ///
    /// A token that names an unknown key triggers one fetch of the keys, unless there was one
    /// recently. While the first fetch of the token's keys runs, the token waits for it.
    pub async fn verify(
        &self,
        token: &str,
        audiences: &Audiences,
        now: u64,
    ) -> Result<Verified, TokenDenied> {
        let result = self.verify_at_hand(token, audiences, now);
        let has_new_keys = match &result {
            Err(denied) if denied.reason == Reason::KeyUnknown => self.refresh_keys_of(token).await,
            Err(denied) if denied.reason == Reason::KeysUnavailable => {
                self.first_keys_of(token).await
            }
            _ => false,
        };
        if has_new_keys {
            self.verify_at_hand(token, audiences, now)
        } else {
            result
        }
    }

    async fn refresh_keys_of(&self, token: &str) -> bool {
        let Some(unopened) = self.parse(token) else {
            return false;
        };
        match self.issuer.key_cache_of(unopened.unverified_claims()) {
            Some(keys) => keys.refresh(unopened.key_id()).await,
            None => false,
        }
    }

    async fn first_keys_of(&self, token: &str) -> bool {
        match self.key_cache_of(token) {
            Some(keys) => keys.first_fetch().await,
            None => false,
        }
    }

    fn parse<'a>(&self, token: &'a str) -> Option<Unopened<'a>> {
        Unopened::parse(token, self.issuer.algorithms()).ok()
    }

    fn key_cache_of(&self, token: &str) -> Option<&KeyCache> {
        self.issuer
            .key_cache_of(self.parse(token)?.unverified_claims())
    }

    /// Verifies with the cached keys, without a fetch. The signature is checked last, so that
    /// forged tokens cost little.
    pub fn verify_at_hand(
        &self,
        token: &str,
        audiences: &Audiences,
        now: u64,
    ) -> Result<Verified, TokenDenied> {
        let unopened = Unopened::parse_with(token, self.issuer.algorithms(), &self.headers)?;
        let claims = unopened.unverified_claims();
        let key_epoch = self.key_epoch();
        let origin = self.issuer.origin_of(claims)?;
        let (caller, valid) = self.judge_from(&origin, claims, audiences, now)?;
        unopened.check_signature(origin.key(unopened.key_id())?)?;
        unopened.store_header(&self.headers);
        Ok(Verified {
            caller,
            claims: unopened.into_claims(),
            valid,
            key_epoch,
        })
    }

    fn judge_from(
        &self,
        origin: &Origin<'_>,
        claims: &Claims,
        audiences: &Audiences,
        now: u64,
    ) -> Result<(Caller, Range<u64>), TokenDenied> {
        let valid = self
            .times
            .check(claims, now, self.issuer.writes_not_before())?;
        check_confirmation(claims, self.issuer.takes_sender_constrained_as_bearer())?;
        Ok((origin.caller(claims, audiences)?, valid))
    }

    /// Checks claims that no signature proves.
    pub(crate) fn judge_claims(
        &self,
        claims: &Claims,
        audiences: &Audiences,
        now: u64,
    ) -> Result<Verified, TokenDenied> {
        let key_epoch = self.key_epoch();
        let origin = self.issuer.origin_of(claims)?;
        let (caller, valid) = self.judge_from(&origin, claims, audiences, now)?;
        Ok(Verified {
            caller,
            claims: claims.clone(),
            valid,
            key_epoch,
        })
    }

    /// The key epoch, which grows whenever signing keys change. A result of another epoch must be
    /// verified again.
    #[must_use]
    pub fn key_epoch(&self) -> u64 {
        self.issuer.key_epoch()
    }
}
