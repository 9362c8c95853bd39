use std::time::Duration;

use lru::LruCache;

use super::super::{Admission, LimitKey};
use super::window::{Moment, Window};
use crate::allocation::allocated;

/// Bytes of a window's node: the key, the window, and the links of the list.
pub(super) const NODE: usize = allocated(size_of::<(LimitKey, Window)>() + 2 * size_of::<usize>());

/// Windows of one length, the one that ends first at the end of the list.
///
/// Only an admitted request moves its window to the front. Since all windows of a table are equally
/// long, their order is that in which they end, and the first that ends is found in O(1). Ordered
/// by the last request of any kind, denied requests would hide windows that have ended.
#[derive(Debug)]
pub(super) struct Table {
    /// Length in milliseconds.
    pub(super) per: u64,
    windows: LruCache<LimitKey, Window>,
    /// No window ends before this time.
    first_end: u64,
    /// The most windows that the hash table has held: it never shrinks by itself.
    peak: usize,
    /// Bytes of all nodes and times.
    content: usize,
}

/// Whether there is room in a window for a request.
pub(super) enum Judged {
    /// There is, at the cost of so many bytes more.
    Room { growth: usize },
    /// The window is full.
    Denied { retry_after: Duration },
}

impl Table {
    pub(super) fn new(per: u64) -> Self {
        // Room for many windows from the start would scatter the few that most gateways have over
        // megabytes, beyond the processor's caches.
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

    /// Whether a request of `key` may pass; counts nothing.
    pub(super) fn judge(&mut self, key: &LimitKey, requests: u32, now: Moment) -> Judged {
        let Some(window) = self.windows.peek_mut(key) else {
            let peak = self.peak.max(self.windows.len() + 1);
            return Judged::Room {
                growth: NODE + index_bytes(peak) - index_bytes(self.peak),
            };
        };
        let before = window.bytes();
        window.prune(now, self.per);
        self.content -= before - window.bytes();
        if window.count >= requests {
            return Judged::Denied {
                retry_after: window.reset(now, self.per),
            };
        }
        Judged::Room {
            growth: window.growth(now),
        }
    }

    /// Counts a request of `key`, which has been judged.
    pub(super) fn admit(&mut self, key: LimitKey, requests: u32, now: Moment) -> Admission {
        let known = self.windows.len();
        let window = self.windows.get_or_insert_mut(key, Window::default);
        let before = window.bytes();
        window.push(now);
        self.first_end = self.first_end.min(window.ends(self.per));
        self.content += window.bytes() - before;
        let remaining = requests.saturating_sub(window.count);
        let admission = Admission::Admitted {
            remaining,
            reset: window.reset(now, self.per),
        };
        self.note_growth(known);
        admission
    }

    /// Drops the window that ended first, if one has ended.
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

    /// Takes a window out.
    pub(super) fn take(&mut self, key: &LimitKey) -> Option<Window> {
        let window = self.windows.pop(key)?;
        self.content -= NODE + window.bytes();
        Some(window)
    }

    /// Puts in a window of another table.
    pub(super) fn put(&mut self, key: LimitKey, window: Window) {
        let known = self.windows.len();
        self.first_end = self.first_end.min(window.ends(self.per));
        self.content += window.bytes();
        self.windows.put(key, window);
        self.note_growth(known);
    }

    pub(super) fn contains(&self, key: &LimitKey) -> bool {
        self.windows.contains(key)
    }

    fn note_growth(&mut self, known: usize) {
        self.content += NODE * (self.windows.len() - known);
        self.peak = self.peak.max(self.windows.len());
    }

    /// Replaces the hash table by a smaller one once it is nearly empty: O(1) amortized over what
    /// was dropped.
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

/// Bytes of hashbrown's table for `entries`: a control byte and two pointers for each bucket, a
/// power of two of buckets, of which seven in eight are used.
fn index_bytes(entries: usize) -> usize {
    const BUCKET: usize = 2 * size_of::<usize>() + 1;
    match entries {
        0 => 0,
        _ => (entries * 8 / 7).next_power_of_two().max(4) * BUCKET,
    }
}
