//! An exact sliding window for each caller, in memory, bounded in bytes.
//!
//! ```text
//! Windows ─ Shard (a lock, a share of the memory) ─ Table (windows of one length, by their end)
//!                                                   └ Window ─ Gaps (times, as differences)
//! ```
//!
//! Ended windows are dropped first. A live window is never dropped, because its caller would have
//! the whole limit again. When live windows fill a shard, a request that needs more memory is
//! denied, because to admit it uncounted would be a way around the limit.

mod chunks;
mod gaps;
mod shard;
mod table;
mod window;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use portcullis_policy::RateLimit;
use portcullis_runtime::KeyedHash;

use super::{Admission, LimitKey};
use shard::Shard;
use window::Moment;

/// The number of shards as a power of two: enough that 16 threads seldom wait for a lock.
const SHARD_BITS: u32 = 4;
const SHARDS: usize = 1 << SHARD_BITS;

/// The times of each caller's admitted requests.
///
/// A request is admitted if the window before it holds fewer requests than the limit. So no window
/// ever holds more, and a caller below the rate is never denied. A fixed window would allow twice
/// the limit at its edge, and a token bucket would deny steady callers after a burst.
#[derive(Debug)]
pub(super) struct Windows {
    shards: Vec<Mutex<Shard>>,
    /// The random factor of [`Self::shard_of`], which is odd.
    spread: u64,
    capacity: usize,
}

/// How full a table of rate limits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Windows, including ended ones whose memory no other window has needed yet.
    pub(crate) windows: usize,
    /// Bytes on the heap.
    pub(crate) bytes: usize,
    /// The most bytes.
    pub(crate) capacity: usize,
}

impl Windows {
    /// Windows that take `capacity` bytes at most. The key of `hash` decides how they are spread
    /// over the shards.
    pub(super) fn new(capacity: usize, hash: &KeyedHash) -> Self {
        let shards = (0..SHARDS)
            .map(|_| Mutex::new(Shard::new(capacity / SHARDS)))
            .collect();
        let [random, _] = hash.hash("spread over shards");
        Self {
            shards,
            spread: random | 1,
            capacity,
        }
    }

    /// Counts a request at `now`: the time since a fixed moment on a clock that never steps back.
    pub(super) fn admit(&self, key: LimitKey, limit: RateLimit, now: Duration) -> Admission {
        // Every number has a shard. Without one, the request could not be counted.
        let Some(shard) = self.shards.get(self.shard_of(key)) else {
            return Admission::Full {
                retry_after: limit.per,
            };
        };
        shard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(key, limit, Moment::new(now))
    }

    pub(super) fn held(&self) -> Held {
        let mut held = Held {
            windows: 0,
            bytes: 0,
            capacity: self.capacity,
        };
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            held.windows += shard.len();
            held.bytes += shard.bytes();
        }
        held
    }

    /// The index of the shard of a key, by multiply-shift hashing (Dietzfelbinger et al., 1997).
    ///
    /// With a shared store, a client can compute the key of its address. Without the random factor
    /// clients could fill one shard on purpose.
    fn shard_of(&self, LimitKey([first, _]): LimitKey) -> usize {
        let number = first.wrapping_mul(self.spread) >> (u64::BITS - SHARD_BITS);
        usize::try_from(number).unwrap_or(0)
    }
}

/// The most bytes that a window with `limit` takes, its share of the hash table included.
pub(super) fn most_bytes(limit: RateLimit) -> usize {
    /// Bytes in hashbrown's table just after it has doubled.
    const INDEX: usize = 40;
    let gaps = gaps::most_bytes(u64::from(limit.requests), shard::milliseconds(limit.per));
    table::NODE + INDEX + gaps
}

/// The number of windows with `limit` that surely fit into `capacity` bytes.
///
/// Chance puts more callers into some shards than into others, so a sixteenth is left free: of
/// 100,000 callers, the fullest shard has three percent more than the average.
pub(super) fn surely_fit(capacity: usize, limit: RateLimit) -> usize {
    capacity / SHARDS / most_bytes(limit) * (SHARDS - FREE)
}

/// The bytes into which `windows` windows with `limit` surely fit.
pub(super) fn bytes_for(windows: usize, limit: RateLimit) -> usize {
    windows
        .div_ceil(SHARDS - FREE)
        .saturating_mul(most_bytes(limit))
        .saturating_mul(SHARDS)
}

/// Number of shards whose share of the memory [`surely_fit`] leaves free.
const FREE: usize = 1;

#[cfg(test)]
mod tests;
