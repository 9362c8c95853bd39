use std::time::Duration;

use portcullis_policy::RateLimit;
use portcullis_runtime::KeyedHash;

use super::windows::Windows;
use super::{Admission, LimitKey};

/// The windows of rate limits without a server, on a given clock, for benchmarks.
#[derive(Debug)]
pub struct MeasuredLimits(Windows);

impl MeasuredLimits {
    /// Windows that take `capacity` bytes at most. The key is constant, so that runs are
    /// comparable.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self(Windows::new(capacity, &KeyedHash::with_key([7; 16])))
    }

    /// Counts a request of caller number `caller` at `now`, and returns whether it may pass.
    #[must_use]
    pub fn admit(&self, caller: u64, limit: RateLimit, now: Duration) -> bool {
        // Keys are hashes, which spread callers over all shards.
        let key = LimitKey([caller.wrapping_mul(0x9e37_79b9_7f4a_7c15), caller]);
        matches!(self.0.admit(key, limit, now), Admission::Admitted { .. })
    }

    /// The number of windows, and the bytes that are counted for them.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        let held = self.0.held();
        (held.windows, held.bytes)
    }
}
