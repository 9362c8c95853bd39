use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::join_all;
use reqwest::Client;
use tokio::time::timeout;

use crate::audience::Audiences;
use crate::caller::Caller;
use crate::claims::Claims;
use crate::confirmation::check_confirmation;
use crate::entra::{EntraIssuer, EntraSettings};
use crate::header_memo::HeaderMemo;
use crate::issuer::{Issuer, Origin};
use crate::key_cache::{KeyCache, KeyPolicy, KeySources, KeyStatus};
use crate::oidc::{OidcIssuer, OidcSettings};
use crate::open::Unopened;
use crate::token_denied::{Reason, TokenDenied};

/// Rules for the times of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRules {
    /// How far clocks may differ. Microsoft's libraries allow five minutes, API Management none.
    pub skew: Duration,
    /// The longest time between `nbf` and `exp`.
    pub longest_life: Duration,
}

impl Default for TimeRules {
    fn default() -> Self {
        Self {
            skew: Duration::from_mins(1),
            longest_life: Duration::from_hours(24),
        }
    }
}

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

/// Signing keys that are unavailable: for each source a message that names its document.
#[derive(Clone, Debug, thiserror::Error)]
#[error("signing keys are missing: {}", .0.join("; "))]
pub struct MissingKeys(pub Vec<String>);

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

    /// Waits until every source has usable keys, or says which have none and why.
    pub async fn ready(&self, patience: Duration) -> Result<(), MissingKeys> {
        let ready = join_all(self.issuer.key_caches().into_iter().map(KeyCache::ready));
        timeout(patience, ready)
            .await
            .map(drop)
            .map_err(|_| MissingKeys(self.missing_keys()))
    }

    /// Waits until the source that verifies `token` has usable keys, or says why it has none. It
    /// does not wait for the sources of other tokens.
    pub async fn ready_for(&self, token: &str, patience: Duration) -> Result<(), MissingKeys> {
        let Some(keys) = self.key_cache_of(token) else {
            return Ok(());
        };
        let ready = timeout(patience, keys.settled()).await;
        let status = keys.status();
        if ready.is_ok() && status.is_ready() {
            Ok(())
        } else {
            Err(MissingKeys(vec![status.why_not_ready()]))
        }
    }

    /// Waits until each source has usable keys or its issuer has answered that it has none.
    pub async fn settled(&self) {
        join_all(self.issuer.key_caches().into_iter().map(KeyCache::settled)).await;
    }

    /// Returns whether any source has usable keys, so that some tokens can be verified.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.issuer
            .key_caches()
            .into_iter()
            .any(|keys| keys.keys().is_some())
    }

    fn missing_keys(&self) -> Vec<String> {
        let missing = self
            .key_status()
            .into_iter()
            .filter(|status| !status.is_ready());
        missing.map(|status| status.why_not_ready()).collect()
    }

    /// The source whose keys verify `token`; `None` if the token is malformed or no source is for
    /// it.
    #[must_use]
    pub fn key_source_of(&self, token: &str) -> Option<KeyStatus> {
        self.key_cache_of(token).map(KeyCache::status)
    }

    /// The keys of each source and the outcome of its last fetches.
    #[must_use]
    pub fn key_status(&self) -> Vec<KeyStatus> {
        self.issuer
            .key_caches()
            .into_iter()
            .map(KeyCache::status)
            .collect()
    }

    /// Fetches all keys now, despite the cool-down.
    ///
    /// Once this returns without an error, a key that its issuer has removed verifies nothing.
    /// After an error, which names the documents, the last good keys stay.
    pub async fn fetch_keys_now(&self) -> Result<(), MissingKeys> {
        let outcomes = join_all(
            self.issuer
                .key_caches()
                .into_iter()
                .map(KeyCache::fetch_now),
        )
        .await;
        let errors: Vec<String> = outcomes
            .into_iter()
            .filter_map(Result::err)
            .map(|error| error.to_string())
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(MissingKeys(errors))
        }
    }

    /// Forgets all keys at once, on disk too, and starts a fetch. No token is verified until it
    /// brings keys.
    pub fn forget_keys(&self) {
        self.issuer
            .key_caches()
            .into_iter()
            .for_each(KeyCache::forget);
    }
}

impl TimeRules {
    /// The defaults for Entra, whose longest-lived tokens are those of managed identities: 24 h 5
    /// min.
    ///
    /// Entra dates `iat` and `nbf` five minutes back, so `nbf` to `exp` is five minutes more than
    /// the lifetime: the sample in "Token claims reference for agent IDs" has 8 h 5 min.
    #[must_use]
    pub const fn entra() -> Self {
        Self {
            skew: Duration::from_mins(1),
            longest_life: Duration::from_mins(24 * 60 + 5),
        }
    }

    /// Checks the times (RFC 7519 §4.1.4 to §4.1.6) and returns when the token is valid.
    ///
    /// `exp` is required. So is a begin: `nbf`, or `iat` if the issuer writes no `nbf`.
    fn check(
        &self,
        claims: &Claims,
        now: u64,
        writes_not_before: bool,
    ) -> Result<Range<u64>, TokenDenied> {
        let skew = self.skew.as_secs();
        let expires_at = claims.time("exp")?;
        let not_before = match claims.optional_time("nbf")? {
            Some(not_before) => not_before,
            None => claims.time(if writes_not_before { "nbf" } else { "iat" })?,
        };
        let issued_at = claims.optional_time("iat")?.unwrap_or(not_before);
        let begin = not_before.max(issued_at).saturating_sub(skew);
        let end = expires_at.saturating_add(skew);
        if now >= end {
            return Err(TokenDenied::new(
                Reason::TokenExpired,
                "the token has expired; request a new one",
            ));
        }
        if now < begin {
            return Err(TokenDenied::new(
                Reason::TokenNotYetValid,
                "the token is not valid yet; compare the clocks",
            ));
        }
        if expires_at.saturating_sub(not_before) > self.longest_life.as_secs() {
            return Err(TokenDenied::new(
                Reason::TokenLifetimeTooLong,
                "the token is valid for longer than this issuer's tokens are",
            ));
        }
        Ok(begin..end)
    }
}

/// The time now, in seconds since 1970.
#[must_use]
pub fn unix_now() -> u64 {
    // A clock before 1970 makes every token "not yet valid", which is the safe answer.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::TimeRules;
    use crate::{Claims, Reason};

    #[test]
    fn time_rules_are_exact_at_their_bounds() {
        let rules = TimeRules::default();
        let now = 1_700_000_000_u64;
        let day = 24 * 60 * 60;
        for (nbf, exp, iat, expected) in [
            (now, now + 3600, Some(now), None),
            (now - 3600, now - 59, None, None),
            (now - 3600, now - 60, None, Some(Reason::TokenExpired)),
            (now + 60, now + 3600, None, None),
            (now + 61, now + 3600, None, Some(Reason::TokenNotYetValid)),
            (
                now,
                now + 3600,
                Some(now + 61),
                Some(Reason::TokenNotYetValid),
            ),
            (now, now + day, None, None),
            (now, now + day + 1, None, Some(Reason::TokenLifetimeTooLong)),
            (0, now + 1, None, Some(Reason::TokenLifetimeTooLong)),
        ] {
            let mut claims = json!({"nbf": nbf, "exp": exp});
            if let Some(iat) = iat {
                claims["iat"] = json!(iat);
            }
            let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
            let result = rules
                .check(&claims, now, true)
                .err()
                .map(|denied| denied.reason);
            assert_eq!(result, expected, "nbf {nbf} exp {exp} iat {iat:?}");
        }
    }

    #[test]
    fn token_without_begin_or_end_is_denied() {
        for claims in [
            json!({"exp": 9}),
            json!({"nbf": 1}),
            json!({"nbf": 1, "exp": "9"}),
        ] {
            let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
            assert_eq!(
                TimeRules::default()
                    .check(&claims, 5, true)
                    .unwrap_err()
                    .reason,
                Reason::ClaimInvalid
            );
        }
    }
}
