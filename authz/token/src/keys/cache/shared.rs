use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::status::KeyStatus;
use crate::keys::refresh_policy::KeyPolicy;
use crate::keys::store::KeyFile;

/// Number of cool-downs in which an unknown key id triggers no other fetch.
///
/// If another refresh brings the key, it verifies at once. The time is not longer, because the
/// issuer may have answered from a stale copy just after a rotation.
const UNKNOWN_FOR_COOL_DOWNS: u32 = 4;
/// Maximum number of unknown key ids kept. Attackers choose them, with up to 256 bytes each: a
/// quarter of a MiB.
const UNKNOWN_IDS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// What a cache shares with its task.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) policy: KeyPolicy,
    pub(super) state: watch::Sender<KeyStatus>,
    /// `state.epoch`, readable without a lock. It grows after the keys have changed.
    epoch: AtomicU64,
    /// Requests a fetch once the cool-down is over.
    pub(super) wanted: Notify,
    /// Requests a fetch now.
    pub(super) urgent: Notify,
    /// Unknown key ids, with the time when the issuer did not know them.
    unknown: Mutex<LruCache<String, Instant>>,
    /// The stored keys. The lock is held while the file is written or removed.
    file: Option<Mutex<KeyFile>>,
}

impl Shared {
    pub(super) fn new(policy: KeyPolicy, state: KeyStatus, file: Option<KeyFile>) -> Self {
        Self {
            policy,
            state: watch::Sender::new(state),
            epoch: AtomicU64::new(0),
            wanted: Notify::new(),
            urgent: Notify::new(),
            unknown: Mutex::new(LruCache::new(UNKNOWN_IDS)),
            file: file.map(Mutex::new),
        }
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut KeyStatus)) {
        self.state.send_modify(change);
        self.epoch
            .store(self.state.borrow().epoch, Ordering::Release);
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    pub(super) fn has_store(&self) -> bool {
        self.file.is_some()
    }

    /// Stores the keys for the next start. If keys were forgotten after `forgotten` was read, the
    /// file stays removed.
    pub(super) fn store(&self, forgotten: u64) {
        let Some(file) = &self.file else { return };
        let file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state.borrow().clone();
        if let Some(keys) = state.keys.filter(|_| state.forgotten == forgotten) {
            file.write(&keys);
        }
    }

    pub(super) fn remove_stored(&self) {
        if let Some(file) = &self.file {
            file.lock().unwrap_or_else(PoisonError::into_inner).remove();
        }
    }

    pub(super) fn is_recently_unknown(&self, key_id: &str) -> bool {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown
            .get(key_id)
            .is_some_and(|since| since.elapsed() < self.policy.cool_down * UNKNOWN_FOR_COOL_DOWNS)
    }

    pub(super) fn record_unknown(&self, key_id: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.put(key_id.to_owned(), Instant::now());
    }
}
