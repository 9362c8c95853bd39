use std::sync::Arc;

use tokio::time::Instant;

use crate::clock::unix_now;
use crate::keys::source::{FetchError, FetchedKeys};
use crate::keys::store::StoredKeys;

/// The keys of a cache and the outcome of its last fetches.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    /// The name of the source.
    pub source: String,
    /// The last good keys.
    pub keys: Option<Arc<FetchedKeys>>,
    /// The key epoch, which grows whenever the keys change. A result of another epoch must be
    /// verified again.
    pub epoch: u64,
    /// When the last good keys were fetched.
    pub fetched_at: Option<Instant>,
    /// When the last fetch ended, in success or failure.
    pub tried_at: Option<Instant>,
    /// Fetches that succeeded.
    pub successes: u64,
    /// Fetches that failed.
    pub failures: u64,
    /// Why the last fetch failed, if it did.
    pub error: Option<Arc<str>>,
    /// When usable keys last came or went, in seconds since 1970; the start of the cache counts.
    pub since: u64,
    /// When the next fetch is due; `None` while one runs.
    pub next_fetch: Option<Instant>,
    /// Whether `error` is the issuer's own answer rather than a fault on the way to it.
    pub(super) answered: bool,
    /// Fetches that have begun.
    pub(super) begun: u64,
    /// How often the keys were forgotten. The result of a fetch that began before is discarded.
    pub(super) forgotten: u64,
}

impl KeyStatus {
    pub(super) fn starting(source: String, stored: Option<StoredKeys>) -> Self {
        let fetched_at = stored
            .as_ref()
            .and_then(|stored| Instant::now().checked_sub(stored.age));
        // Stored keys without a fetch time cannot be aged out, so they are ignored.
        let keys = stored
            .filter(|_| fetched_at.is_some())
            .map(|stored| Arc::new(stored.keys));
        Self {
            source,
            keys,
            epoch: 0,
            fetched_at,
            tried_at: None,
            successes: 0,
            failures: 0,
            error: None,
            since: unix_now(),
            next_fetch: None,
            answered: false,
            begun: 0,
            forgotten: 0,
        }
    }

    /// Returns whether the source has usable keys.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.keys.is_some()
    }

    /// Describes why there are no usable keys, with the source's name.
    #[must_use]
    pub fn why_not_ready(&self) -> String {
        match &self.error {
            Some(error) => error.to_string(),
            None => format!("{}: has not answered yet", self.source),
        }
    }

    /// Returns whether the source has usable keys or its issuer has answered that it has none.
    pub(super) fn is_settled(&self) -> bool {
        self.is_ready() || self.answered
    }

    /// Returns whether no fetch has ended yet, so that the first one may still bring keys.
    pub(super) fn awaits_first_fetch(&self) -> bool {
        !self.is_ready() && self.tried_at.is_none()
    }

    /// Whether the last fetch succeeded and brought no such key.
    pub(super) fn is_without(&self, key_id: &str) -> bool {
        self.error.is_none()
            && self
                .keys
                .as_ref()
                .is_some_and(|held| held.keys.get(key_id).is_none())
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
                self.answered = false;
                if self.error.take().is_some() {
                    tracing::info!(source = self.source, "signing keys can be fetched again");
                }
                self.fetched_at = Some(now);
                for (kid, error) in fetched.keys.skipped() {
                    tracing::debug!(kid, %error, "a published key is not used");
                }
                if self
                    .keys
                    .as_ref()
                    .is_none_or(|held| !held.same_as(&fetched))
                {
                    self.epoch += 1;
                    let source = &self.source;
                    let keys = fetched.keys.len();
                    tracing::info!(
                        source,
                        issuer = fetched.issuer,
                        keys,
                        "signing keys changed"
                    );
                    if self.keys.replace(Arc::new(fetched)).is_none() {
                        self.since = unix_now();
                    }
                }
            }
            Err(error) => {
                self.failures += 1;
                self.answered = error.is_answer();
                let error: Arc<str> = error.to_string().into();
                // A retry that fails in the same way is logged at level debug, because a deleted
                // tenant would fill the log.
                if self.error.as_ref() == Some(&error) {
                    tracing::debug!(%error, "signing keys still cannot be fetched");
                } else {
                    let has_keys = self.is_ready();
                    tracing::warn!(%error, has_keys, "signing keys cannot be fetched");
                }
                self.error = Some(error);
            }
        }
    }

    pub(super) fn expire(&mut self) {
        tracing::error!(
            source = self.source,
            "the last good signing keys are too old; no token of this source is verified until a \
             fetch succeeds"
        );
        self.drop_keys();
    }

    pub(super) fn forget(&mut self) {
        tracing::warn!(
            source = self.source,
            "signing keys are forgotten on request; no token of this source is verified until a \
             fetch succeeds"
        );
        self.forgotten += 1;
        self.drop_keys();
    }

    fn drop_keys(&mut self) {
        if self.keys.take().is_some() {
            self.since = unix_now();
        }
        self.fetched_at = None;
        self.epoch += 1;
    }
}
