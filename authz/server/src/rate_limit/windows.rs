//! An exact sliding window for each caller, in memory and bounded.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use portcullis_policy::RateLimit;

use super::{Admission, LimitKey};

const SHARDS: usize = 16;
/// Callers remembered in each shard. With 100 requests a window an entry has about 1 KiB: 100 MiB at most in all shards together.
const CALLERS_PER_SHARD: usize = 6250;

/// The times of each caller's last admitted requests. A request is admitted if fewer than the limit lie within the window before it, so
/// no window ever holds more, and whoever stays below the rate is never refused (a fixed window allows twice the limit at its edge,
/// a token bucket refuses steady callers after a burst).
#[derive(Debug)]
pub(super) struct Windows {
    shards: Vec<Mutex<LruCache<LimitKey, VecDeque<Duration>>>>,
}

impl Windows {
    pub(super) fn new() -> Self {
        // Room for all callers from the beginning would scatter the few that most gateways have over 2 MiB, out of the processor's caches.
        let shards = (0..SHARDS).map(|_| Mutex::new(LruCache::unbounded())).collect();
        Self { shards }
    }

    /// Counts a request at `now`, the time since any fixed moment by a clock that never steps back.
    pub(super) fn admit(&self, key: LimitKey, limit: RateLimit, now: Duration) -> Admission {
        let LimitKey([first, _]) = key;
        let index = usize::try_from(first % SHARDS as u64).unwrap_or(0);
        // `index` is below the number of shards; without one there would be nothing to count with, and refusing is the safe side.
        let Some(shard) = self.shards.get(index) else { return Admission::Refused { retry_after: limit.per } };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let admission = admit(shard.get_or_insert_mut(key, VecDeque::new), limit, now);
        if shard.len() > CALLERS_PER_SHARD {
            shard.pop_lru();
        }
        admission
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
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use portcullis_policy::RateLimit;

    use super::{Admission, CALLERS_PER_SHARD, LimitKey, SHARDS, Windows};

    const LIMIT: RateLimit = RateLimit { requests: 3, per: Duration::from_secs(10) };
    const CALLER: LimitKey = LimitKey([1, 1]);

    fn admitted(windows: &Windows, key: LimitKey, millis: u64) -> bool {
        matches!(windows.admit(key, LIMIT, Duration::from_millis(millis)), Admission::Admitted { .. })
    }

    /// A small linear congruence stands for chance, so that a failure can be repeated.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }
    }

    #[test]
    fn the_window_slides() {
        let windows = Windows::new();
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
            assert_eq!(admitted(&windows, CALLER, millis), expected, "{millis}");
        }
    }

    #[test]
    fn a_steady_caller_below_the_rate_is_never_refused() {
        let windows = Windows::new();
        assert!((0..100_000).all(|tick| admitted(&windows, CALLER, tick * 3_334)));
    }

    /// A million requests of 64 callers in bursts, by the plainest model there is: no window of the admitted times is ever over-full, and
    /// whoever is refused had a full one.
    #[test]
    fn a_million_requests_agree_with_the_model() {
        let (windows, mut chance, mut now) = (Windows::new(), Chance(7), 0);
        let mut times: HashMap<u64, Vec<u64>> = HashMap::new();
        let mut refused = 0;
        for _ in 0..1_000_000 {
            now += chance.below(60);
            // Threads may come late with a time that they read before.
            let seen = now.saturating_sub(chance.below(3));
            let caller = chance.below(64);
            let times = times.entry(caller).or_default();
            let full = times.iter().rev().take_while(|time| seen.saturating_sub(**time) < 10_000).count() >= 3;
            let passed = admitted(&windows, LimitKey([caller, caller]), seen);
            assert_eq!(passed, !full, "{caller} at {seen}");
            if passed {
                times.push(seen);
            } else {
                refused += 1;
            }
        }
        assert!((100_000..900_000).contains(&refused), "{refused}: the limit was hardly tried");
    }

    /// Sixteen threads at the same callers, on a clock that they share: what was admitted in any window is within the limit.
    #[test]
    fn sixteen_threads_admit_no_more_than_one() {
        let (windows, clock) = (Windows::new(), AtomicU64::new(0));
        let work = |thread: u64| {
            let (mut chance, mut admissions) = (Chance(thread), Vec::new());
            for _ in 0..62_500 {
                let now = clock.fetch_add(chance.below(3), Ordering::SeqCst);
                let caller = chance.below(8);
                if admitted(&windows, LimitKey([caller, 0]), now) {
                    admissions.push((caller, now));
                }
            }
            admissions
        };
        let mut admissions: Vec<(u64, u64)> = thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|thread| scope.spawn(move || work(thread))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(admissions.len() > 1_000, "{} admitted", admissions.len());
        admissions.sort_unstable();
        for window in admissions.windows(4) {
            if let [(first, begin), .., (last, end)] = window {
                // A thread that read the clock before another may be counted after it; by less than the threads there are.
                assert!(first != last || end - begin + 64 >= 10_000, "caller {first}: four from {begin} to {end}");
            }
        }
    }

    #[test]
    fn who_asked_last_is_remembered_and_no_more_than_there_is_room_for() {
        let windows = Windows::new();
        let last = SHARDS * CALLERS_PER_SHARD * 2;
        for caller in 0..=last as u64 {
            assert!(admitted(&windows, LimitKey([caller, 0]), 0), "{caller}");
        }
        let held: usize = windows.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert_eq!(held, SHARDS * CALLERS_PER_SHARD);
        let remaining = |caller| windows.admit(LimitKey([caller, 0]), LIMIT, Duration::ZERO);
        assert!(matches!(remaining(last as u64), Admission::Admitted { remaining: 1, .. }));
        assert!(matches!(remaining(0), Admission::Admitted { remaining: 2, .. }), "the first was forgotten");
    }

    #[test]
    fn a_refusal_says_when_to_come_back_and_an_admission_what_is_left() {
        let windows = Windows::new();
        let admit = |seconds| windows.admit(CALLER, LIMIT, Duration::from_secs(seconds));
        assert_eq!(admit(0), Admission::Admitted { remaining: 2, reset: Duration::from_secs(10) });
        assert_eq!(admit(4), Admission::Admitted { remaining: 1, reset: Duration::from_secs(6) });
        assert_eq!(admit(4), Admission::Admitted { remaining: 0, reset: Duration::from_secs(6) });
        assert_eq!(admit(7), Admission::Refused { retry_after: Duration::from_secs(3) });
    }
}
