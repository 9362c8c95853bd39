//! An exact sliding window for each caller, in memory and bounded.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use portcullis_policy::RateLimit;

const SHARDS: usize = 16;
/// Callers remembered in each shard. With 100 requests a window an entry has about 1 KiB: 100 MiB at most in all shards together.
const CALLERS_PER_SHARD: NonZeroUsize = NonZeroUsize::MIN.saturating_add(6249);

/// Whose requests are counted together: a keyed hash of [`Subject`] and policy. 128 bits under random keys: nobody can aim at another's,
/// and by chance two of a billion callers share one with a probability of 10⁻²¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey([u64; 2]);

/// Who is counted. What a caller claims without proof is never part of it.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Subject<'a> {
    /// A verified caller.
    Caller { tenant: &'a str, object_id: &'a str },
    /// Where nobody is verified: the client's address as far as Envoy vouches for it.
    Address(&'a str),
}

/// How a request fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may pass; so many more may within the window, whose oldest request leaves it after this time.
    Admitted { remaining: u32, reset: Duration },
    /// It may pass after this time at the earliest.
    Refused { retry_after: Duration },
}

/// The times of each caller's last admitted requests. A request is admitted if fewer than the limit lie within the window before it, so
/// no window ever holds more, and whoever stays below the rate is never refused (a fixed window allows twice the limit at its edge,
/// a token bucket refuses steady callers after a burst).
#[derive(Debug)]
pub(crate) struct RateLimiter {
    hashers: [RandomState; 2],
    shards: Vec<Mutex<LruCache<LimitKey, VecDeque<Duration>>>>,
}

impl RateLimiter {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(LruCache::new(CALLERS_PER_SHARD))).collect();
        Self { hashers: [RandomState::new(), RandomState::new()], shards }
    }

    /// The key under which requests of `subject` under `policy` are counted.
    pub(crate) fn key(&self, policy: &str, subject: Subject<'_>) -> LimitKey {
        LimitKey(self.hashers.each_ref().map(|hasher| hasher.hash_one((policy, subject))))
    }

    /// Counts a request at `now`, the time since any fixed moment by a clock that never steps back.
    pub(crate) fn admit(&self, key: LimitKey, limit: RateLimit, now: Duration) -> Admission {
        let LimitKey([first, _]) = key;
        let index = usize::try_from(first % SHARDS as u64).unwrap_or(0);
        // `index` is below the number of shards; without one there would be nothing to count with, and refusing is the safe side.
        let Some(shard) = self.shards.get(index) else { return Admission::Refused { retry_after: limit.per } };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = shard.get_or_insert_mut(key, VecDeque::new);
        admit(admitted, limit, now)
    }
}

fn admit(admitted: &mut VecDeque<Duration>, limit: RateLimit, now: Duration) -> Admission {
    while admitted.front().is_some_and(|time| now.saturating_sub(*time) >= limit.per) {
        admitted.pop_front();
    }
    let used = u32::try_from(admitted.len()).unwrap_or(u32::MAX);
    let reset = |oldest: Duration| (oldest + limit.per).saturating_sub(now);
    if used >= limit.requests {
        let retry_after = admitted.front().map_or(limit.per, |oldest| reset(*oldest));
        return Admission::Refused { retry_after };
    }
    admitted.push_back(now);
    Admission::Admitted {
        remaining: limit.requests - used - 1,
        reset: admitted.front().map_or(limit.per, |oldest| reset(*oldest)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portcullis_policy::RateLimit;

    use super::{Admission, LimitKey, RateLimiter, Subject};

    const LIMIT: RateLimit = RateLimit { requests: 3, per: Duration::from_secs(10) };

    fn caller<'a>(tenant: &'a str, object_id: &'a str) -> Subject<'a> {
        Subject::Caller { tenant, object_id }
    }

    fn admitted(limiter: &RateLimiter, subject: Subject<'_>, millis: u64) -> bool {
        matches!(
            limiter.admit(limiter.key("p", subject), LIMIT, Duration::from_millis(millis)),
            Admission::Admitted { .. }
        )
    }

    #[test]
    fn the_window_slides() {
        let limiter = RateLimiter::new();
        for (millis, expected) in [
            (0, true),
            (1_000, true),
            (9_999, true),
            (9_999, false),
            (10_000, true),
            (10_001, false),
            (10_999, false),
            (11_000, true),
            (11_001, false),
            (19_999, true),
        ] {
            assert_eq!(admitted(&limiter, caller("t", "o"), millis), expected, "{millis}");
        }
    }

    #[test]
    fn no_window_holds_more_than_the_limit_and_a_steady_caller_is_never_refused() {
        let limiter = RateLimiter::new();
        let mut times = Vec::new();
        // Bursts at odd moments: a small linear congruence stands for chance, so that a failure can be repeated.
        let (mut now, mut seed) = (0_u64, 7_u64);
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            now += (seed >> 33) % 4_000;
            if admitted(&limiter, caller("t", "burst"), now) {
                times.push(now);
            }
        }
        assert!(times.windows(4).all(|window| window[3] - window[0] >= 10_000));
        assert!((0..1_000).all(|tick| admitted(&limiter, caller("t", "steady"), tick * 3_334)));
    }

    #[test]
    fn callers_do_not_share_a_window() {
        let limiter = RateLimiter::new();
        assert!((0..3).all(|_| admitted(&limiter, caller("t", "o"), 0)));
        assert!(!admitted(&limiter, caller("t", "o"), 0));
        for other in [caller("t", "other"), caller("u", "o"), caller("to", ""), Subject::Address("to")] {
            assert!(admitted(&limiter, other, 0), "{other:?}");
        }
        let other_policy: LimitKey = limiter.key("q", caller("t", "o"));
        assert!(matches!(limiter.admit(other_policy, LIMIT, Duration::ZERO), Admission::Admitted { .. }));
    }

    #[test]
    fn a_refusal_says_when_to_come_back_and_an_admission_what_is_left() {
        let limiter = RateLimiter::new();
        let admit = |seconds| limiter.admit(limiter.key("p", caller("t", "o")), LIMIT, Duration::from_secs(seconds));
        assert_eq!(admit(0), Admission::Admitted { remaining: 2, reset: Duration::from_secs(10) });
        assert_eq!(admit(4), Admission::Admitted { remaining: 1, reset: Duration::from_secs(6) });
        assert_eq!(admit(4), Admission::Admitted { remaining: 0, reset: Duration::from_secs(6) });
        assert_eq!(admit(7), Admission::Refused { retry_after: Duration::from_secs(3) });
    }
}
