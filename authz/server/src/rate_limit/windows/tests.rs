use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use portcullis_policy::RateLimit;
use portcullis_runtime::KeyedHash;

use super::{Admission, LimitKey, SHARDS, Windows, most_bytes};

const LIMIT: RateLimit = RateLimit {
    requests: 3,
    per: Duration::from_secs(10),
};
const MIB: usize = 1024 * 1024;
const CALLER: LimitKey = LimitKey([1, 1]);

fn windows_in(capacity: usize) -> Windows {
    Windows::new(capacity, &KeyedHash::random().unwrap())
}

fn admitted(windows: &Windows, key: LimitKey, millis: u64) -> bool {
    matches!(
        windows.admit(key, LIMIT, Duration::from_millis(millis)),
        Admission::Admitted { .. }
    )
}

/// A linear congruential generator, so that a failure can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn window_slides() {
    struct Case {
        name: &'static str,
        millis: u64,
        expected: bool,
    }
    let case = |name, millis, expected| Case {
        name,
        millis,
        expected,
    };
    let windows = windows_in(MIB);
    for Case {
        name,
        millis,
        expected,
    } in [
        case("the first", 0, true),
        case("the second", 1_000, true),
        case("the third at the end of the window", 9_999, true),
        case("a fourth", 9_999, false),
        case("one when the first leaves", 10_000, true),
        case("one a millisecond later", 10_001, false),
        case("one before the second leaves", 10_999, false),
        case("one when the second leaves", 11_000, true),
        case("one a millisecond after that", 11_001, false),
        case("one when the third leaves", 19_999, true),
    ] {
        assert_eq!(admitted(&windows, CALLER, millis), expected, "{name}");
    }
}

#[test]
fn steady_caller_below_the_rate_is_never_denied() {
    let windows = windows_in(MIB);
    assert!((0..100_000).all(|tick| admitted(&windows, CALLER, tick * 3_334)));
}

/// A million requests of 64 callers in bursts, against the plainest model: no window of admitted
/// times is ever over-full, and a denied caller had a full one.
#[test]
fn million_requests_agree_with_the_model() {
    let windows = windows_in(MIB);
    let mut chance = Chance(7);
    let mut now = 0;
    let mut times: HashMap<u64, Vec<u64>> = HashMap::new();
    let mut denied = 0;
    for _ in 0..1_000_000 {
        now += chance.below(60);
        // A thread may count late a time that it read earlier.
        let seen = now.saturating_sub(chance.below(3));
        let caller = chance.below(64);
        let times = times.entry(caller).or_default();
        let full = times
            .iter()
            .rev()
            .take_while(|time| seen.saturating_sub(**time) < 10_000)
            .count()
            >= 3;
        let passed = admitted(&windows, LimitKey([caller, caller]), seen);
        assert_eq!(passed, !full, "{caller} at {seen}");
        if passed {
            times.push(seen);
        } else {
            denied += 1;
        }
    }
    assert!(
        (100_000..900_000).contains(&denied),
        "{denied}: the limit was hardly tried"
    );
}

/// Sixteen threads send requests of the same callers, on a shared clock.
///
/// The scheduler may pause a thread between its reading of the clock and its request. So each
/// admission has two readings, and the limiter counted it between them. Of four admissions of one
/// caller, the last found another one that was a window old, so the latest reading is at least a
/// window after the earliest.
#[test]
fn sixteen_threads_admit_no_more_than_one() {
    let windows = windows_in(MIB);
    let clock = AtomicU64::new(0);
    let work = |thread: u64| {
        let mut chance = Chance(thread);
        let mut admissions = Vec::new();
        for _ in 0..62_500 {
            let now = clock.fetch_add(chance.below(3), Ordering::SeqCst);
            let caller = chance.below(8);
            if admitted(&windows, LimitKey([caller, 0]), now) {
                admissions.push((caller, now, clock.load(Ordering::SeqCst)));
            }
        }
        admissions
    };
    let mut admissions: Vec<(u64, u64, u64)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(admissions.len() > 1_000, "{} admitted", admissions.len());
    admissions.sort_unstable();
    for window in admissions.windows(4) {
        let end = window.iter().map(|(_, _, after)| *after).max().unwrap();
        if let [(first, begin, _), .., (last, _, _)] = window {
            assert!(
                first != last || end - begin >= 10_000,
                "caller {first}: four from {begin} to {end}"
            );
        }
    }
}

#[test]
fn denial_says_when_to_retry_and_admission_what_is_left() {
    let windows = windows_in(MIB);
    let admit = |seconds| windows.admit(CALLER, LIMIT, Duration::from_secs(seconds));
    assert_eq!(
        admit(0),
        Admission::Admitted {
            remaining: 2,
            reset: Duration::from_secs(10)
        }
    );
    assert_eq!(
        admit(4),
        Admission::Admitted {
            remaining: 1,
            reset: Duration::from_secs(6)
        }
    );
    assert_eq!(
        admit(4),
        Admission::Admitted {
            remaining: 0,
            reset: Duration::from_secs(6)
        }
    );
    assert_eq!(
        admit(7),
        Admission::Denied {
            retry_after: Duration::from_secs(3)
        }
    );
}

/// A key that falls into the same shard as `CALLER`, different for each number.
fn neighbours(windows: &Windows) -> impl Iterator<Item = LimitKey> {
    let shard = windows.shard_of(CALLER);
    let key = |number: u64| LimitKey([number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number]);
    (2..)
        .map(key)
        .filter(move |key| windows.shard_of(*key) == shard)
}

#[test]
fn live_windows_stay_when_memory_is_full_and_ended_ones_go_first() {
    let windows = windows_in(16 * 1024 * SHARDS);
    for expected in [true, true, true, false] {
        assert_eq!(admitted(&windows, CALLER, 0), expected);
    }
    let mut others = neighbours(&windows);
    let full =
        others.by_ref().find_map(
            |key| match windows.admit(key, LIMIT, Duration::from_secs(4)) {
                Admission::Full { retry_after } => Some(retry_after),
                _ => None,
            },
        );
    assert_eq!(
        full,
        Some(Duration::from_secs(6)),
        "when the first window ends"
    );
    assert!(
        !admitted(&windows, CALLER, 9_999),
        "the caller is still limited"
    );
    let held = windows.held();
    assert!(held.bytes <= 16 * 1024 && held.windows > 80, "{held:?}");
    // The first window has ended, so other callers take its place while its memory holds them.
    assert!(admitted(&windows, others.next().unwrap(), 10_000));
    let more = others
        .by_ref()
        .take(5)
        .filter(|key| admitted(&windows, *key, 10_000))
        .count();
    assert!(more <= 1, "{more}");
    assert_eq!(windows.held().windows, held.windows + more);
    // All have ended: no request is denied, and memory follows use.
    for key in others.by_ref().take(held.windows) {
        assert!(admitted(&windows, key, 24_000));
    }
    for tick in 0..100 {
        assert!(admitted(&windows, CALLER, 40_000 + tick * 4_000));
    }
    assert!(
        windows.held().bytes <= 8 * 1024,
        "requests drop ended windows down to half"
    );
}

#[test]
fn window_without_room_to_grow_denies_and_goes_on_counting() {
    let windows = windows_in(2 * 1024 * SHARDS);
    let limit = RateLimit {
        requests: 100_000,
        per: Duration::from_secs(10),
    };
    let admit = |millis| windows.admit(CALLER, limit, Duration::from_millis(millis));
    let count = (0..10_000)
        .take_while(|millis| matches!(admit(*millis), Admission::Admitted { .. }))
        .count() as u64;
    assert!((1_000..2_048).contains(&count), "{count}");
    assert_eq!(
        admit(9_999),
        Admission::Full {
            retry_after: Duration::from_millis(count)
        }
    );
    let Admission::Admitted { remaining, .. } = admit(10_500) else {
        panic!("501 requests have left the window")
    };
    assert_eq!(u64::from(remaining), 100_000 - (count - 501) - 1);
}

#[test]
fn windows_take_no_more_bytes_than_the_bound() {
    struct Case {
        name: &'static str,
        requests: u32,
        /// In seconds.
        per: u64,
    }
    let case = |name, requests, per| Case {
        name,
        requests,
        per,
    };
    for Case {
        name,
        requests,
        per,
    } in [
        case("one a minute", 1, 60),
        case("a hundred a minute", 100, 60),
        case("a thousand a minute", 1_000, 60),
        case("a thousand a second", 1_000, 1),
        case("five thousand an hour", 5_000, 3_600),
    ] {
        let limit = RateLimit {
            requests,
            per: Duration::from_secs(per),
        };
        let windows = windows_in(100 * MIB);
        let mut chance = Chance(1);
        let mut fullest = 0;
        for caller in 0..500_u64 {
            // Bursts and pauses. The worst case is a few long pauses among many of 64 ms and more.
            let mut now = 0;
            for _ in 0..requests {
                now += chance.below(2 * per * 1000 / u64::from(requests));
                windows.admit(
                    LimitKey([caller << 40, caller]),
                    limit,
                    Duration::from_millis(now),
                );
            }
            fullest = fullest.max(windows.held().bytes / (usize::try_from(caller).unwrap() + 1));
        }
        let each = windows.held().bytes / 500;
        assert!(
            each <= most_bytes(limit),
            "{name}: {each} of {}",
            most_bytes(limit)
        );
        assert!(
            each >= most_bytes(limit) / 2,
            "{name}: the bound is not far off: {each} of {}",
            most_bytes(limit)
        );
    }
}

/// Callers of two policies with windows of different lengths, in too little memory, against the
/// plainest model. The windows admit what the model admits, except requests that find no room.
#[test]
fn windows_in_too_little_memory_admit_no_more_than_the_model() {
    let windows = windows_in(3 * 1024 * SHARDS);
    let limits = [
        LIMIT,
        RateLimit {
            requests: 5,
            per: Duration::from_mins(1),
        },
    ];
    let mut chance = Chance(3);
    let mut now = 0;
    let mut counts = [0; 3];
    let mut times: HashMap<u64, Vec<u64>> = HashMap::new();
    for _ in 0..100_000 {
        now += chance.below(20);
        // A few callers send many requests, and many callers few.
        let most = 1 + chance.below(2_000);
        let caller = chance.below(most);
        let limit = limits[usize::from(caller % 2 == 1)];
        let per = u64::try_from(limit.per.as_millis()).unwrap();
        let times = times.entry(caller).or_default();
        let used = times
            .iter()
            .rev()
            .take_while(|time| now - **time < per)
            .count();
        let key = LimitKey([caller.wrapping_mul(0x9e37_79b9_7f4a_7c15), caller]);
        match windows.admit(key, limit, Duration::from_millis(now)) {
            Admission::Admitted { remaining, .. } => {
                times.push(now);
                assert_eq!(
                    u64::from(remaining) + used as u64 + 1,
                    u64::from(limit.requests),
                    "{caller} at {now}"
                );
                counts[0] += 1;
            }
            Admission::Denied { .. } => {
                assert_eq!(used, limit.requests as usize, "{caller} at {now}");
                counts[1] += 1;
            }
            Admission::Full { retry_after } => {
                assert!(
                    retry_after > Duration::ZERO && retry_after <= limits[1].per,
                    "{retry_after:?}"
                );
                counts[2] += 1;
            }
        }
        let held = windows.held();
        assert!(held.bytes <= held.capacity, "{held:?}");
    }
    assert!(
        counts.iter().all(|count| *count > 5_000),
        "{counts:?}: not everything was tried"
    );
}

#[test]
fn caller_keeps_its_count_when_the_policys_window_changes() {
    let windows = windows_in(MIB);
    let with = |seconds, at| {
        let limit = RateLimit {
            requests: 3,
            per: Duration::from_secs(seconds),
        };
        matches!(
            windows.admit(CALLER, limit, Duration::from_secs(at)),
            Admission::Admitted { .. }
        )
    };
    assert!(with(10, 0) && with(10, 1) && with(60, 2));
    assert!(!with(60, 3) && !with(10, 4) && !with(60, 59));
    assert!(with(60, 60) && !with(60, 60));
    assert_eq!(windows.held().windows, 1);
}

#[test]
fn fractions_of_a_millisecond_never_admit_one_too_many() {
    let windows = windows_in(MIB);
    let mut chance = Chance(11);
    let mut admissions: Vec<Duration> = Vec::new();
    let mut now = Duration::ZERO;
    for _ in 0..200_000 {
        now += Duration::from_nanos(chance.below(3_000_000_000));
        let within = |span| {
            admissions
                .iter()
                .rev()
                .take_while(|time| **time + span > now)
                .count()
        };
        if let Admission::Admitted { .. } = windows.admit(CALLER, LIMIT, now) {
            assert!(
                within(LIMIT.per) < 3,
                "the fourth within the window at {now:?}"
            );
            admissions.push(now);
        } else {
            let with_grace = LIMIT.per + Duration::from_millis(2);
            assert_eq!(
                within(with_grace),
                3,
                "denied for more than two milliseconds too long at {now:?}"
            );
        }
    }
}
