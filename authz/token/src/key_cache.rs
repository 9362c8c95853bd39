//! Signing keys that a task of its own keeps fresh.

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

/// Where a cache gets its keys from.
pub trait KeySource: Send + Sync + 'static {
    /// What it is called in messages, and in the names of files: a URL, usually.
    fn name(&self) -> String;

    /// The algorithms that its keys may be for.
    fn algorithms(&self) -> &[Algorithm];

    /// Gets the keys that are published now.
    fn fetch(&self) -> impl Future<Output = Result<FetchedKeys, FetchError>> + Send;
}

/// How keys are kept up to date.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    /// Time between background refreshes. Microsoft asks for about an hour ("Signing key
    /// rollover").
    pub refresh_every: Duration,
    /// Least time between two fetches that unknown key ids cause, whatever clients send.
    pub cool_down: Duration,
    /// How long the last good keys serve while the issuer cannot be reached.
    pub max_age: Duration,
    /// How long a request waits for keys that are being fetched because of it.
    pub patience: Duration,
    /// Where the last good keys are kept for the next start.
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

/// How many cool-downs a key id that the issuer did not know is not asked for again. It works at
/// once if a refresh brings it. Not longer, since the issuer may have answered from a stale copy
/// just after a rotation.
const UNKNOWN_FOR_COOL_DOWNS: u32 = 4;
/// Key ids are attackers' text of up to 256 bytes each: a quarter of a MiB.
const UNKNOWN_IDS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// The current keys of one source, refreshed by a task of their own: one fetch at a time, whoever
/// asks.
///
/// The last good keys stay while fetches fail, up to [`KeyPolicy::max_age`]; a fetch that succeeds
/// replaces them whole, so a key that the issuer removed stops working with the next refresh.
#[derive(Debug)]
pub struct KeyCache {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    policy: KeyPolicy,
    state: watch::Sender<KeyStatus>,
    /// `state.epoch`, to be read without a lock. It is raised after the keys have changed.
    epoch: AtomicU64,
    /// Somebody asks for fresh keys once the cool-down is over.
    wanted: Notify,
    /// Somebody asks for fresh keys now.
    urgent: Notify,
    /// When key ids were found to be unknown.
    unknown: Mutex<LruCache<String, Instant>>,
    /// Held while it is written or removed.
    file: Option<Mutex<KeyFile>>,
}

impl KeyCache {
    /// Starts fetching from `source`. Keys that an earlier process stored are at hand at once.
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

    /// The keys at hand.
    #[must_use]
    pub fn keys(&self) -> Option<Arc<FetchedKeys>> {
        self.shared.state.borrow().keys.clone()
    }

    /// A number that is raised whenever the keys change. Read it before the keys: what was verified
    /// with them and carries an older number is then out of date at worst, and never taken for
    /// fresh.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.shared.epoch.load(Ordering::Acquire)
    }

    /// What is held and how the last fetches went.
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
    /// has ended. Returns false at once if there was a fetch before: a request never waits out an
    /// outage.
    pub async fn first_fetch(&self) -> bool {
        if !self.shared.state.borrow().awaits_first_fetch() {
            return false;
        }
        timeout(self.shared.policy.patience, self.end_of_fetch(0))
            .await
            .is_ok()
    }

    /// Asks for fresh keys because a token names the unknown `key_id`, and waits for them a little.
    ///
    /// Returns false at once for an id that was unknown lately, and within a cool-down that is
    /// longer than [`KeyPolicy::patience`]: then the token is refused without a fetch, so that a
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
            || self.shared.is_known_to_be_unknown(key_id)
        {
            return false;
        }
        // One fetch does for all who ask meanwhile. Where there is time it is one that begins after
        // the key was seen to be in use; otherwise it may be one that is on its way.
        let ended = {
            let state = self.shared.state.borrow();
            if waits { state.begun } else { state.ended() }
        };
        self.shared.wanted.notify_one();
        let fetched = timeout(patience, self.end_of_fetch(ended)).await.is_ok();
        if fetched && self.shared.state.borrow().is_without(key_id) {
            self.shared.remember_unknown(key_id);
        }
        fetched
    }

    /// Fetches now, whatever the cool-down says, and waits for the end of a fetch that began after
    /// this call.
    pub async fn fetch_now(&self) -> Result<(), Arc<str>> {
        let begun = self.shared.state.borrow().begun;
        self.shared.urgent.notify_one();
        self.end_of_fetch(begun).await;
        self.shared.state.borrow().error.clone().map_or(Ok(()), Err)
    }

    /// Drops all keys, those on disk too, at once: nobody is verified until a fetch brings keys
    /// again. That fetch begins now.
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

    /// Keeps the keys for the next start, unless they were forgotten since `forgotten` was read:
    /// then the file is to stay removed.
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

    fn is_known_to_be_unknown(&self, key_id: &str) -> bool {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown
            .get(key_id)
            .is_some_and(|since| since.elapsed() < self.policy.cool_down * UNKNOWN_FOR_COOL_DOWNS)
    }

    fn remember_unknown(&self, key_id: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.put(key_id.to_owned(), Instant::now());
    }
}

impl Drop for KeyCache {
    fn drop(&mut self) {
        self.task.abort();
    }
}
