//! Tables of what dev-entra hands out under unguessable names: codes, refresh tokens, sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::oauth_error::OAuthError;
use crate::random::random_bytes;

/// Values by handle, each until its time. When the table is full, the entry that ends first goes.
///
/// Entries are found by the digest of their handle, so the time of a search says nothing about the
/// handles of others, and a dump of the memory has none that works.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    most: usize,
    /// Notified after each change.
    changed: Arc<Notify>,
    entries: Mutex<HashMap<Digest, Entry<T>>>,
}

type Digest = [u8; 32];

#[derive(Debug)]
struct Entry<T> {
    value: T,
    /// In seconds since 1970.
    ends: i64,
}

/// An entry in the state directory. It has the digest of its handle, so a stolen file has no handle
/// that works.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredEntry<T> {
    digest: String,
    ends: i64,
    value: T,
}

impl<T: Clone> Handles<T> {
    /// An empty table for at most `most` values.
    pub(crate) fn new(most: usize) -> Self {
        Self::noting(most, Arc::default())
    }

    /// [`Handles::new`], whose changes are noted by `changed`.
    pub(crate) fn noting(most: usize, changed: Arc<Notify>) -> Self {
        Self {
            most,
            changed,
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// Keeps `value` until `ends`, and returns its new handle of 256 random bits.
    pub(crate) fn issue(&self, value: T, now: i64, ends: i64) -> Result<String, OAuthError> {
        let handle = URL_SAFE_NO_PAD.encode(random_bytes::<32>()?);
        self.put(&handle, value, now, ends);
        Ok(handle)
    }

    /// Keeps `value` under a handle that was made elsewhere.
    pub(crate) fn put(&self, handle: &str, value: T, now: i64, ends: i64) {
        let mut entries = self.lock();
        if entries.len() >= self.most {
            entries.retain(|_, entry| entry.ends > now);
        }
        if entries.len() >= self.most {
            let first = entries
                .iter()
                .min_by_key(|(_, entry)| entry.ends)
                .map(|(handle, _)| *handle);
            if let Some(first) = first {
                entries.remove(&first);
            }
        }
        entries.insert(digest_of(handle), Entry { value, ends });
        self.changed.notify_one();
    }

    /// The value of `handle`, unless its time has passed.
    pub(crate) fn get(&self, handle: &str, now: i64) -> Option<T> {
        self.lock()
            .get(&digest_of(handle))
            .filter(|entry| entry.ends > now)
            .map(|entry| entry.value.clone())
    }

    /// Changes the value of `handle` in place, and returns what `change` returns.
    pub(crate) fn change<R>(
        &self,
        handle: &str,
        now: i64,
        change: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let changed = self
            .lock()
            .get_mut(&digest_of(handle))
            .filter(|entry| entry.ends > now)
            .map(|entry| change(&mut entry.value));
        self.changed.notify_one();
        changed
    }

    /// Changes all values, and removes those for which `change` is false.
    pub(crate) fn retain(&self, mut change: impl FnMut(&mut T) -> bool) {
        self.lock().retain(|_, entry| change(&mut entry.value));
        self.changed.notify_one();
    }

    /// The entries whose time has not passed. Those that end last come first.
    pub(crate) fn stored(&self, now: i64) -> Vec<StoredEntry<T>> {
        let mut stored: Vec<_> = self
            .lock()
            .iter()
            .filter(|(_, entry)| entry.ends > now)
            .map(|(digest, entry)| StoredEntry {
                digest: URL_SAFE_NO_PAD.encode(digest),
                ends: entry.ends,
                value: entry.value.clone(),
            })
            .collect();
        // Of one moment in a fixed order, so that equal tables have equal files.
        stored.sort_by(|a, b| (b.ends, &b.digest).cmp(&(a.ends, &a.digest)));
        stored
    }

    /// Puts entries back that were stored. Fails on a digest that is none.
    pub(crate) fn restore(&self, stored: Vec<StoredEntry<T>>) -> Result<(), &'static str> {
        let mut entries = self.lock();
        for StoredEntry {
            digest,
            ends,
            value,
        } in stored.into_iter().take(self.most)
        {
            let digest = URL_SAFE_NO_PAD
                .decode(digest)
                .ok()
                .and_then(|bytes| Digest::try_from(bytes).ok())
                .ok_or("a digest has not 32 bytes in base64url")?;
            entries.insert(digest, Entry { value, ends });
        }
        Ok(())
    }

    /// Removes the value of `handle`.
    pub(crate) fn remove(&self, handle: &str) {
        self.lock().remove(&digest_of(handle));
        self.changed.notify_one();
    }

    /// The number of values, including those whose time has passed.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Entry<T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest_of(handle: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, handle.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::Handles;

    #[test]
    fn handle_works_until_its_time_or_its_removal() {
        let table = Handles::new(8);
        let first = table.issue("first", 0, 10).unwrap();
        let second = table.issue("second", 0, 10).unwrap();
        assert_ne!(first, second);
        assert_eq!(table.get(&first, 9), Some("first"));
        assert_eq!(table.get(&first, 10), None);
        assert_eq!(
            table.change(&first, 9, |value| *value = "changed"),
            Some(())
        );
        assert_eq!(table.get(&first, 9), Some("changed"));
        table.remove(&second);
        assert_eq!(table.get(&second, 0), None);
        assert_eq!(table.get("guess", 0), None);
    }

    #[test]
    fn stored_entries_work_again_and_have_no_handles() {
        let table = Handles::new(8);
        let handle = table.issue("kept".to_owned(), 0, 10).unwrap();
        table.issue("ended".to_owned(), 0, 5).unwrap();
        let stored = table.stored(6);
        let text = serde_json::to_string(&stored).unwrap();
        assert!(text.contains("kept") && !text.contains("ended"), "{text}");
        assert!(!text.contains(&handle), "{text}");
        let after = Handles::new(8);
        after.restore(stored).unwrap();
        assert_eq!(after.get(&handle, 9).as_deref(), Some("kept"));
        let foreign = text.replace("\"digest\":\"", "\"digest\":\"AAAA");
        let stored = serde_json::from_str(&foreign).unwrap();
        assert!(Handles::<String>::new(8).restore(stored).is_err());
    }

    #[test]
    fn full_table_drops_what_ends_first() {
        let table = Handles::new(2);
        let early = table.issue(1, 0, 5).unwrap();
        let late = table.issue(2, 0, 9).unwrap();
        let newest = table.issue(3, 0, 7).unwrap();
        assert_eq!(table.get(&early, 0), None);
        assert_eq!(table.get(&late, 0), Some(2));
        let after = table.issue(4, 8, 20).unwrap();
        assert_eq!(table.get(&newest, 0), None, "it had ended");
        assert_eq!(table.get(&late, 8), Some(2));
        assert_eq!(table.get(&after, 8), Some(4));
    }
}
