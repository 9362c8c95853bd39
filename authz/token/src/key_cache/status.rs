use std::sync::Arc;

use tokio::time::Instant;

use crate::fetch::{FetchError, FetchedKeys};
use crate::key_store::StoredKeys;

/// What a cache holds and how its last fetches went.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    /// What the source is called.
    pub source: String,
    /// The last good keys.
    pub keys: Option<Arc<FetchedKeys>>,
    /// Raised whenever the keys change: what was verified under another epoch must be verified again.
    pub epoch: u64,
    /// When the last good keys were fetched.
    pub fetched_at: Option<Instant>,
    /// When the last fetch ended, whatever came of it.
    pub tried_at: Option<Instant>,
    /// Fetches that succeeded.
    pub successes: u64,
    /// Fetches that failed.
    pub failures: u64,
    /// Why the last fetch failed, if it did.
    pub error: Option<Arc<str>>,
    /// Fetches that have begun.
    pub(super) begun: u64,
    /// How often all keys were dropped: what a fetch brings that began before does not count.
    pub(super) forgotten: u64,
}

impl KeyStatus {
    pub(super) fn starting(source: String, stored: Option<StoredKeys>) -> Self {
        let fetched_at = stored.as_ref().and_then(|stored| Instant::now().checked_sub(stored.age));
        // Without a beginning their end could not be told.
        let keys = stored.filter(|_| fetched_at.is_some()).map(|stored| Arc::new(stored.keys));
        let (tried_at, error) = (None, None);
        Self { source, keys, epoch: 0, fetched_at, tried_at, successes: 0, failures: 0, error, begun: 0, forgotten: 0 }
    }

    /// Whether the issuer has just said that it has no such key: a failed fetch says nothing.
    pub(super) fn is_without(&self, key_id: &str) -> bool {
        self.error.is_none() && self.keys.as_ref().is_some_and(|held| held.keys.get(key_id).is_none())
    }

    pub(super) fn ended(&self) -> u64 {
        self.successes + self.failures
    }

    pub(super) fn record(&mut self, outcome: Result<FetchedKeys, FetchError>) {
        let now = Instant::now();
        self.tried_at = Some(now);
        match outcome {
            Ok(fetched) => {
                self.successes += 1;
                self.error = None;
                self.fetched_at = Some(now);
                for (kid, error) in fetched.keys.skipped() {
                    tracing::debug!(kid, %error, "a published key is not used");
                }
                if self.keys.as_ref().is_none_or(|held| !held.same_as(&fetched)) {
                    self.epoch += 1;
                    let (source, keys) = (&self.source, fetched.keys.len());
                    tracing::info!(source, issuer = fetched.issuer, keys, "signing keys changed");
                    self.keys = Some(Arc::new(fetched));
                }
            }
            Err(error) => {
                self.failures += 1;
                tracing::warn!(%error, has_keys = self.keys.is_some(), "signing keys could not be fetched");
                self.error = Some(error.to_string().into());
            }
        }
    }

    pub(super) fn expire(&mut self) {
        tracing::error!(source = self.source, "the last good signing keys are too old; nobody is verified with them");
        self.drop_keys();
    }

    pub(super) fn forget(&mut self) {
        tracing::warn!(
            source = self.source,
            "signing keys are dropped as asked; nobody is verified until new ones come"
        );
        self.forgotten += 1;
        self.drop_keys();
    }

    fn drop_keys(&mut self) {
        self.keys = None;
        self.fetched_at = None;
        self.epoch += 1;
    }
}
