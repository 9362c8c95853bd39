use std::time::Duration;

use lru::LruCache;

use super::super::{Admission, LimitKey};
use super::window::{Moment, Window};
use crate::allocation::allocated;

/// Bytes of a window's node: the key, the window, and the links of the list.
pub(super) const NODE: usize = allocated(size_of::<(LimitKey, Window)>() + 2 * size_of::<usize>());

/// Windows of one length, in a list with the first to end at its end.
///
/// Only an admitted request moves its window to the front. All windows of a table are equally long,
/// so the list has the order in which they end, and the first to end is found in O(1). If denied
/// requests moved windows too, they would hide ended ones.
#[derive(Debug)]
pub(super) struct Table {
    /// Length in milliseconds.
    pub(super) per: u64,
    windows: LruCache<LimitKey, Window>,
    /// No window ends before this time.
    first_end: u64,
    /// The most windows that the hash table has held, because it never shrinks by itself.
    peak: usize,
    /// Bytes of all nodes and times.
    content: usize,
}

/// Whether a window has room for a request.
pub(super) enum Room {
    /// There is room, for `growth` bytes more.
    Free { growth: usize },
    /// The window is full until `retry_after` has passed.
    Full { retry_after: Duration },
}

impl Table {
    pub(super) fn new(per: u64) -> Self {
        // Capacity for many windows from the start would scatter the few that most gateways have
        // over megabytes, beyond the processor's caches.
        let windows = LruCache::unbounded();
        Self {
            per,
            windows,
            first_end: u64::MAX,
            peak: 0,
            content: 0,
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.content + index_bytes(self.peak)
    }

    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    /// Returns whether there is room for a request of `key`, without counting it.
    pub(super) fn room(&mut self, key: &LimitKey, requests: u32, now: Moment) -> Room {
        let Some(window) = self.windows.peek_mut(key) else {
            let peak = self.peak.max(self.windows.len() + 1);
            return Room::Free {
                growth: NODE + index_bytes(peak) - index_bytes(self.peak),
            };
        };
        let before = window.bytes();
        window.prune(now, self.per);
        self.content -= before - window.bytes();
        if window.count >= requests {
            return Room::Full {
                retry_after: window.reset(now, self.per),
            };
        }
        Room::Free {
            growth: window.growth(now),
        }
    }

    /// Counts a request of `key`, for which there is room.
    pub(super) fn admit(&mut self, key: LimitKey, requests: u32, now: Moment) -> Admission {
        let before = self.windows.len();
        let window = self.windows.get_or_insert_mut(key, Window::default);
        let bytes = window.bytes();
        window.push(now);
        self.first_end = self.first_end.min(window.ends(self.per));
        self.content += window.bytes() - bytes;
        let remaining = requests.saturating_sub(window.count);
        let admission = Admission::Admitted {
            remaining,
            reset: window.reset(now, self.per),
        };
        self.note_growth(before);
        admission
    }

    /// Drops the window that ended first, and returns whether one had ended.
    pub(super) fn drop_ended(&mut self, now: Moment) -> bool {
        if now.floor < self.first_end {
            return false;
        }
        match self
            .windows
            .peek_lru()
            .map(|(_, window)| window.ends(self.per))
        {
            Some(end) if end <= now.floor => {
                if let Some((_, window)) = self.windows.pop_lru() {
                    self.content -= NODE + window.bytes();
                }
                self.shrink();
                true
            }
            end => {
                self.first_end = end.unwrap_or(u64::MAX);
                false
            }
        }
    }

    /// The time until the first window ends.
    pub(super) fn until_first_end(&self, now: Moment) -> Option<Duration> {
        let (_, window) = self.windows.peek_lru()?;
        Some(Duration::from_millis(
            window.ends(self.per).saturating_sub(now.floor),
        ))
    }

    /// Removes and returns a window.
    pub(super) fn take(&mut self, key: &LimitKey) -> Option<Window> {
        let window = self.windows.pop(key)?;
        self.content -= NODE + window.bytes();
        Some(window)
    }

    /// Adds a window of another table.
    pub(super) fn put(&mut self, key: LimitKey, window: Window) {
        let before = self.windows.len();
        self.first_end = self.first_end.min(window.ends(self.per));
        self.content += window.bytes();
        self.windows.put(key, window);
        self.note_growth(before);
    }

    pub(super) fn contains(&self, key: &LimitKey) -> bool {
        self.windows.contains(key)
    }

    fn note_growth(&mut self, before: usize) {
        self.content += NODE * (self.windows.len() - before);
        self.peak = self.peak.max(self.windows.len());
    }

    /// Replaces the hash table by a smaller one once it is nearly empty: O(1) amortized over the
    /// dropped windows.
    fn shrink(&mut self) {
        const SMALL: usize = 64;
        if self.peak <= SMALL || self.windows.len() > self.peak / 4 {
            return;
        }
        let mut windows = LruCache::unbounded();
        while let Some((key, window)) = self.windows.pop_lru() {
            windows.put(key, window);
        }
        self.windows = windows;
        self.peak = self.windows.len();
    }
}

/// Bytes of hashbrown's table for `entries`.
///
/// The number of buckets is a power of two, of which seven in eight are used. Each has a control
/// byte and two pointers.
fn index_bytes(entries: usize) -> usize {
    const BUCKET: usize = 2 * size_of::<usize>() + 1;
    match entries {
        0 => 0,
        _ => (entries * 8 / 7).next_power_of_two().max(4) * BUCKET,
    }
}
