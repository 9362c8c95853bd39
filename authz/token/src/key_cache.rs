//! Caches the signing keys of a source, which a background task refreshes.

mod refresh;
mod sources;
mod status;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::algorithm::Algorithm;
use crate::fetch::{FetchError, FetchedKeys};
use crate::key_store::{KeyFile, KeyStore};
use refresh::keep_fresh;
pub use sources::KeySources;
pub(crate) use sources::SourceId;
pub use status::KeyStatus;

/// A source of signing keys.
pub trait KeySource: Send + Sync + 'static {
    /// The name of the source in messages, usually a URL. Its hash names the file of stored keys.
    fn name(&self) -> String;

    /// The algorithms that the keys may be for.
    fn algorithms(&self) -> &[Algorithm];

    /// Fetches the keys that are published now.
    fn fetch(&self) -> impl Future<Output = Result<FetchedKeys, FetchError>> + Send;
}

/// How a key cache refreshes, expires and stores its keys.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    /// Time between background refreshes. Microsoft asks for about an hour ("Signing key
    /// rollover").
    pub refresh_every: Duration,
    /// Minimum time between two fetches that unknown key ids trigger.
    pub cool_down: Duration,
    /// Maximum age of the last good keys while fetches fail.
    pub max_age: Duration,
    /// Maximum time a request with an unknown `kid` waits for the refresh it triggered, and a
    /// request without keys for the first fetch.
    pub patience: Duration,
    /// Keeps the last good keys for the next start.
    pub store: Option<KeyStore>,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            refresh_every: Duration::from_hours(1),
            cool_down: Duration::from_secs(30),
            max_age: Duration::from_hours(72),
            patience: Duration::from_secs(2),
            store: None,
        }
    }
}

/// Number of cool-downs in which an unknown key id triggers no other fetch.
///
/// If another refresh brings the key, it verifies at once. The time is not longer, because the
/// issuer may have answered from a stale copy just after a rotation.
const UNKNOWN_FOR_COOL_DOWNS: u32 = 4;
/// Maximum number of unknown key ids kept. Attackers choose them, with up to 256 bytes each: a
/// quarter of a MiB.
const UNKNOWN_IDS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// The current keys of one source. A background task refreshes them, one fetch at a time.
///
/// The last good keys stay while fetches fail, up to [`KeyPolicy::max_age`]. A successful fetch
/// replaces them all, so a key that the issuer removed stops verifying with the next refresh.
#[derive(Debug)]
pub struct KeyCache {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    policy: KeyPolicy,
    state: watch::Sender<KeyStatus>,
    /// `state.epoch`, readable without a lock. It grows after the keys have changed.
    epoch: AtomicU64,
    /// Requests a fetch once the cool-down is over.
    wanted: Notify,
    /// Requests a fetch now.
    urgent: Notify,
    /// Unknown key ids, with the time when the issuer did not know them.
    unknown: Mutex<LruCache<String, Instant>>,
    /// The stored keys. The lock is held while the file is written or removed.
    file: Option<Mutex<KeyFile>>,
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
        let shared = Arc::new(Shared {
            policy,
            state: watch::Sender::new(KeyStatus::starting(source.name(), stored)),
            epoch: AtomicU64::new(0),
            wanted: Notify::new(),
            urgent: Notify::new(),
            unknown: Mutex::new(LruCache::new(UNKNOWN_IDS)),
            file: file.map(Mutex::new),
        });
        let task = tokio::spawn(keep_fresh(Arc::clone(&shared), source));
        Self { shared, task }
    }

    /// The current keys; `None` if there are none.
    #[must_use]
    pub fn keys(&self) -> Option<Arc<FetchedKeys>> {
        self.shared.state.borrow().keys.clone()
    }

    /// The key epoch, which grows whenever the keys change. Read it before the keys: then a result
    /// can carry an epoch that is too old, but never one that is too new.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.shared.epoch.load(Ordering::Acquire)
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

impl Shared {
    fn update(&self, change: impl FnOnce(&mut KeyStatus)) {
        self.state.send_modify(change);
        self.epoch
            .store(self.state.borrow().epoch, Ordering::Release);
    }

    /// Stores the keys for the next start. If keys were forgotten after `forgotten` was read, the
    /// file stays removed.
    fn store(&self, forgotten: u64) {
        let Some(file) = &self.file else { return };
        let file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state.borrow().clone();
        if let Some(keys) = state.keys.filter(|_| state.forgotten == forgotten) {
            file.write(&keys);
        }
    }

    fn remove_stored(&self) {
        if let Some(file) = &self.file {
            file.lock().unwrap_or_else(PoisonError::into_inner).remove();
        }
    }

    fn is_recently_unknown(&self, key_id: &str) -> bool {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown
            .get(key_id)
            .is_some_and(|since| since.elapsed() < self.policy.cool_down * UNKNOWN_FOR_COOL_DOWNS)
    }

    fn record_unknown(&self, key_id: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.put(key_id.to_owned(), Instant::now());
    }
}

impl Drop for KeyCache {
    fn drop(&mut self) {
        self.task.abort();
    }
}
