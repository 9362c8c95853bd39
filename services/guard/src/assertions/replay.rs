use std::collections::HashSet;
use std::mem::take;
use std::sync::{Mutex, PoisonError};

use portcullis_runtime::KeyedHash;

/// How long an assertion is valid, in seconds: its minute and the skew of clocks on both sides.
const COUNTS_FOR: u64 = 70;
/// The most ids that are kept, of 16 bytes each: 14,000 requests a second on one instance for as
/// long as an assertion is valid.
const MOST_IDS: usize = 1_000_000;

/// The ids of requests whose assertions were accepted, so that a copy is denied.
///
/// Each instance of a service keeps its own ids. An assertion that was sent to one instance can be
/// sent to another within its minute.
///
/// An id is kept as its hash, so that each takes 16 bytes.
#[derive(Debug)]
pub(super) struct AcceptedRequests {
    hash: KeyedHash,
    ids: Mutex<Generations>,
}

/// Two sets of ids. The old one is dropped whole when the young one is old enough, which costs
/// nothing.
#[derive(Debug, Default)]
struct Generations {
    young: HashSet<[u64; 2]>,
    old: HashSet<[u64; 2]>,
    began: u64,
}

/// Whether a request is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    First,
    Again,
    /// There is no room for more ids, so that a replay cannot be ruled out.
    Unknown,
}

impl AcceptedRequests {
    pub(super) fn new(hash: KeyedHash) -> Self {
        Self {
            hash,
            ids: Mutex::default(),
        }
    }

    /// Records the request `id` at `now`, in seconds since 1970.
    pub(super) fn note(&self, id: &str, now: u64) -> Novelty {
        let id = self.hash.hash(id);
        self.ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(id, now, MOST_IDS)
    }
}

impl Generations {
    fn note(&mut self, id: [u64; 2], now: u64, most: usize) -> Novelty {
        // A clock that steps back drops no id early.
        if now >= self.began.saturating_add(COUNTS_FOR) {
            let all_out = now >= self.began.saturating_add(2 * COUNTS_FOR);
            self.old = if all_out {
                HashSet::new()
            } else {
                take(&mut self.young)
            };
            self.young.clear();
            self.began = now;
        }
        if self.old.contains(&id) || self.young.contains(&id) {
            return Novelty::Again;
        }
        if self.young.len() + self.old.len() >= most {
            return Novelty::Unknown;
        }
        self.young.insert(id);
        Novelty::First
    }
}

#[cfg(test)]
mod tests {
    use portcullis_runtime::KeyedHash;

    use super::{AcceptedRequests, Generations, Novelty};

    const NOW: u64 = 1_800_000_000;

    fn no_requests() -> AcceptedRequests {
        AcceptedRequests::new(KeyedHash::random().unwrap())
    }

    #[test]
    fn request_is_accepted_once_while_its_assertion_is_valid() {
        for begin in [NOW, NOW + 1, NOW + 69, NOW + 139] {
            let requests = no_requests();
            assert_eq!(requests.note("before", NOW), Novelty::First);
            assert_eq!(requests.note("r", begin), Novelty::First);
            for later in 0..70 {
                assert_eq!(
                    requests.note("r", begin + later),
                    Novelty::Again,
                    "{later} s after {begin}"
                );
            }
            assert_eq!(requests.note("s", begin), Novelty::First);
        }
    }

    #[test]
    fn clock_that_steps_back_drops_no_id() {
        struct Case {
            name: &'static str,
            now: u64,
            expected: Novelty,
        }
        let requests = no_requests();
        for Case {
            name,
            now,
            expected,
        } in [
            Case {
                name: "the first request",
                now: NOW,
                expected: Novelty::First,
            },
            Case {
                name: "an hour before",
                now: NOW - 3600,
                expected: Novelty::Again,
            },
            Case {
                name: "the last second of the assertion",
                now: NOW + 69,
                expected: Novelty::Again,
            },
        ] {
            assert_eq!(requests.note("r", now), expected, "{name}");
        }
    }

    #[test]
    fn old_ids_make_room_and_without_room_no_request_is_new() {
        let mut ids = Generations::default();
        assert_eq!(ids.note([1, 0], NOW, 2), Novelty::First);
        assert_eq!(ids.note([2, 0], NOW, 2), Novelty::First);
        assert_eq!(ids.note([3, 0], NOW, 2), Novelty::Unknown);
        assert_eq!(ids.note([1, 0], NOW, 2), Novelty::Again);
        assert_eq!(ids.note([3, 0], NOW + 140, 2), Novelty::First);
    }
}
