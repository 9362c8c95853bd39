//! The verifier's signing keys: waiting for them, showing, fetching and forgetting them.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::timeout;

use super::Verifier;
use crate::keys::{KeyCache, KeyStatus};

/// Signing keys that are unavailable: for each source a message that names its document.
#[derive(Clone, Debug, thiserror::Error)]
#[error("signing keys are missing: {}", .0.join("; "))]
pub struct MissingKeys(pub Vec<String>);

impl Verifier {
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
