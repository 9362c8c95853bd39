//! An exact sliding window for each caller, in memory, bounded in bytes.
//!
//! ```text
//! Windows ─ Shard (a lock, a share of the memory) ─ Table (windows of one length, by their end)
//!                                                   └ Window ─ Gaps (times, as differences)
//! ```
//!
//! Windows that have ended are dropped first, and a live one never: its caller would have the whole
//! limit again. When live windows fill a shard, a request that needs more memory is denied, since
//! to admit it uncounted would be a way around the limit.

mod chunks;
mod gaps;
mod shard;
mod table;
mod window;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use portcullis_policy::RateLimit;

use super::{Admission, LimitKey};
use shard::Shard;
use window::Moment;

/// Locks, as a power of two: enough that 16 threads seldom meet at one.
const SHARD_BITS: u32 = 4;
const SHARDS: usize = 1 << SHARD_BITS;

/// The times of each caller's admitted requests. A request is admitted if fewer than the limit lie
/// within the window before it, so no window ever holds more, and a caller below the rate is never
/// denied (a fixed window allows twice the limit at its edge, a token bucket denies steady callers
/// after a burst).
#[derive(Debug)]
pub(super) struct Windows {
    shards: Vec<Mutex<Shard>>,
    /// Odd and random.
    spread: u64,
    capacity: usize,
}

/// How full a table of rate limits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Windows, those included that have ended and whose memory no other window has needed yet.
    pub(crate) windows: usize,
    /// Bytes on the heap.
    pub(crate) bytes: usize,
    /// The most bytes.
    pub(crate) capacity: usize,
}

impl Windows {
    /// Windows that take `capacity` bytes at most.
    pub(super) fn new(capacity: usize) -> Self {
        let shards = (0..SHARDS)
            .map(|_| Mutex::new(Shard::new(capacity / SHARDS)))
            .collect();
        Self {
            shards,
            spread: RandomState::new().hash_one(()) | 1,
            capacity,
        }
    }

    /// Counts a request at `now`, the time since any fixed moment by a clock that never steps back.
    pub(super) fn admit(&self, key: LimitKey, limit: RateLimit, now: Duration) -> Admission {
        // There is a shard of every number. Without one nothing could be counted.
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

    /// Multiply-shift hashing (Dietzfelbinger et al., 1997). Keys of a shared store are known to
    /// a client that knows its address, so without the random factor one shard could be aimed at.
    fn shard_of(&self, LimitKey([first, _]): LimitKey) -> usize {
        let number = first.wrapping_mul(self.spread) >> (u64::BITS - SHARD_BITS);
        usize::try_from(number).unwrap_or(0)
    }
}

/// The most bytes that a window with `limit` takes, its share of the hash table included.
pub(super) fn most_bytes(limit: RateLimit) -> usize {
    /// Of hashbrown's table, just after it has doubled.
    const INDEX: usize = 40;
    let gaps = gaps::most_bytes(u64::from(limit.requests), shard::milliseconds(limit.per));
    table::NODE + INDEX + gaps
}

/// How many windows with `limit` surely fit into `capacity` bytes. Chance puts more callers into
/// one shard than into another, so that a sixteenth is left free: of 100,000 callers the fullest
/// shard has three percent more than the average.
pub(super) fn surely_fit(capacity: usize, limit: RateLimit) -> usize {
    capacity / SHARDS / most_bytes(limit) * (SHARDS - FREE)
}

/// The bytes into which so many surely fit.
pub(super) fn bytes_for(windows: usize, limit: RateLimit) -> usize {
    windows
        .div_ceil(SHARDS - FREE)
        .saturating_mul(most_bytes(limit))
        .saturating_mul(SHARDS)
}

/// One shard's worth of memory.
const FREE: usize = 1;

#[cfg(test)]
mod tests;
