//! Caches the signing keys of a source, which a background task refreshes.

mod refresh;
mod shared;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::refresh_policy::KeyPolicy;
use super::source::{FetchedKeys, KeySource};
use refresh::keep_fresh;
use shared::Shared;
pub use status::KeyStatus;

/// The current keys of one source. A background task refreshes them, one fetch at a time.
///
/// The last good keys stay while fetches fail, up to [`KeyPolicy::max_age`]. A successful fetch
/// replaces them all, so a key that the issuer removed stops verifying with the next refresh.
#[derive(Debug)]
pub struct KeyCache {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl KeyCache {
    /// Starts fetching from `source`. Keys that an earlier process stored are usable at once.
    pub fn start(source: impl KeySource, policy: KeyPolicy) -> Self {
        let file = policy
            .store
            .as_ref()
            .map(|store| store.file(&source.name()));
        let stored = file
            .as_ref()
            .and_then(|file| file.read(source.algorithms(), policy.max_age));
        let status = KeyStatus::starting(source.name(), stored);
        let shared = Arc::new(Shared::new(policy, status, file));
        let task = tokio::spawn(keep_fresh(Arc::clone(&shared), source));
        Self { shared, task }
    }

    /// The current keys, or `None` while keys are unavailable.
    #[must_use]
    pub fn keys(&self) -> Option<Arc<FetchedKeys>> {
        self.shared.state.borrow().keys.clone()
    }

    /// The key epoch, which grows whenever the keys change. Read it before the keys: then a result
    /// can carry an epoch that is too old, but never one that is too new.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.shared.epoch()
    }

    /// The current keys and the outcome of the last fetches.
    #[must_use]
    pub fn status(&self) -> KeyStatus {
        self.shared.state.borrow().clone()
    }

    /// Waits for the first good keys.
    pub async fn ready(&self) {
        let mut state = self.shared.state.subscribe();
        // The sender lives as long as `self`, so waiting can't fail.
        let _state = state.wait_for(KeyStatus::is_ready).await;
    }

    /// Waits for the first good keys, or for the issuer's answer that it has none.
    pub async fn settled(&self) {
        let mut state = self.shared.state.subscribe();
        // The sender lives as long as `self`, so waiting can't fail.
        let _state = state.wait_for(KeyStatus::is_settled).await;
    }

    /// Waits for the end of the first fetch, up to [`KeyPolicy::patience`], and returns whether it
    /// has ended. Returns false at once if a fetch has ended before, so that a request never waits
    /// out an outage.
    pub async fn first_fetch(&self) -> bool {
        if !self.shared.state.borrow().awaits_first_fetch() {
            return false;
        }
        timeout(self.shared.policy.patience, self.end_of_fetch(0))
            .await
            .is_ok()
    }

    /// Triggers a fetch for the unknown `key_id` and returns whether it ended within
    /// [`KeyPolicy::patience`].
    ///
    /// Returns false at once for an id that was unknown recently, and during a cool-down that is
    /// longer than [`KeyPolicy::patience`]. The token is then denied without a fetch, so that a
    /// flood of invented key ids costs the issuer nothing. A shorter cool-down is waited out,
    /// because a genuine token may be the first that names a key.
    pub async fn refresh(&self, key_id: &str) -> bool {
        let KeyPolicy {
            cool_down,
            patience,
            ..
        } = self.shared.policy;
        let waits = cool_down < patience;
        let cooling = |state: &KeyStatus| state.tried_at.is_some_and(|at| at.elapsed() < cool_down);
        if (!waits && cooling(&self.shared.state.borrow()))
            || self.shared.is_recently_unknown(key_id)
        {
            return false;
        }
        // One fetch serves all requests that wait. With a short cool-down it begins after this
        // request; otherwise it may be running already.
        let ended = {
            let state = self.shared.state.borrow();
            if waits { state.begun } else { state.ended() }
        };
        self.shared.wanted.notify_one();
        let fetched = timeout(patience, self.end_of_fetch(ended)).await.is_ok();
        if fetched && self.shared.state.borrow().is_without(key_id) {
            self.shared.record_unknown(key_id);
        }
        fetched
    }

    /// Fetches now, despite the cool-down, and waits for a fetch that began after this call.
    pub async fn fetch_now(&self) -> Result<(), Arc<str>> {
        let begun = self.shared.state.borrow().begun;
        self.shared.urgent.notify_one();
        self.end_of_fetch(begun).await;
        self.shared.state.borrow().error.clone().map_or(Ok(()), Err)
    }

    /// Forgets all keys at once, on disk too, and starts a fetch. No token is verified until a
    /// fetch brings keys.
    pub fn forget(&self) {
        self.shared.update(KeyStatus::forget);
        self.shared.remove_stored();
        self.shared.urgent.notify_one();
    }

    /// Waits until more than `ended` fetches have ended.
    async fn end_of_fetch(&self, ended: u64) {
        let mut state = self.shared.state.subscribe();
        // The sender lives as long as `self`, so waiting can't fail.
        let _state = state.wait_for(|state| state.ended() > ended).await;
    }
}

impl Drop for KeyCache {
    fn drop(&mut self) {
        self.task.abort();
    }
}
