use portcullis_policy::RateLimit;

use super::windows::{bytes_for, most_bytes, surely_fit};

/// Memory for rate limits in MiB, unless a setting says otherwise: with the decision cache's 256
/// MiB it fits into a pod of 512 MiB.
pub(crate) const USUAL_MIB: u64 = 128;
/// What the setting may say. In less, one caller's window of 100,000 requests would not fit.
pub(crate) const POSSIBLE_MIB: std::ops::RangeInclusive<u64> = 16..=65536;

const MIB: usize = 1024 * 1024;
/// The share of addresses is one part in so many. Each address costs a client nothing, so that no
/// share holds all that the owner of a large network can use; verified callers get the rest.
const PARTS: usize = 8;

/// Bytes for rate limits, divided between verified callers and addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LimitMemory {
    pub(crate) callers: usize,
    pub(crate) addresses: usize,
}

/// A limit that more callers may use up than there is memory for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shortage {
    /// The most bytes for one caller.
    pub(crate) each: usize,
    /// How many callers fit.
    pub(crate) fit: usize,
    /// The setting with which all fit.
    pub(crate) needed_mib: usize,
}

impl Default for LimitMemory {
    fn default() -> Self {
        Self::of_mib(USUAL_MIB)
    }
}

impl LimitMemory {
    pub(crate) fn of_mib(mib: u64) -> Self {
        let bytes = usize::try_from(mib)
            .unwrap_or(usize::MAX)
            .saturating_mul(MIB);
        Self {
            callers: bytes / PARTS * (PARTS - 1),
            addresses: bytes / PARTS,
        }
    }

    /// What is lacking for `callers` callers who have all used up `limit` at the same time.
    pub(crate) fn shortage(self, limit: RateLimit, callers: usize) -> Option<Shortage> {
        let fit = surely_fit(self.callers, limit);
        let needed = bytes_for(callers, limit) / (PARTS - 1) * PARTS;
        let shortage = Shortage {
            each: most_bytes(limit),
            fit,
            needed_mib: needed.div_ceil(MIB),
        };
        (fit < callers).then_some(shortage)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portcullis_policy::RateLimit;

    use super::{LimitMemory, POSSIBLE_MIB, USUAL_MIB};

    #[test]
    fn a_shortage_says_how_much_memory_ends_it() {
        for (requests, seconds, callers, fits) in [
            (100, 60, 100_000, true),
            (300, 60, 100_000, true),
            (1000, 60, 100_000, false),
            (1000, 60, 10_000, true),
            (100_000, 86_400, 100_000, false),
            (100_000, 86_400, 100, true),
            (1, 1, 100_000, true),
            (1, 1, 10_000_000, false),
        ] {
            let limit = RateLimit {
                requests,
                per: Duration::from_secs(seconds),
            };
            let shortage = LimitMemory::of_mib(USUAL_MIB).shortage(limit, callers);
            assert_eq!(shortage.is_none(), fits, "{limit:?} {callers} {shortage:?}");
            let Some(shortage) = shortage else { continue };
            let enough = LimitMemory::of_mib(shortage.needed_mib as u64);
            assert_eq!(enough.shortage(limit, callers), None, "{limit:?} {callers}");
            let less = LimitMemory::of_mib(shortage.needed_mib as u64 * 9 / 10);
            assert!(
                less.shortage(limit, callers).is_some(),
                "{limit:?} {callers}"
            );
        }
    }

    #[test]
    fn the_largest_window_there_is_fits_into_the_least_memory() {
        let limit = RateLimit {
            requests: 100_000,
            per: Duration::from_hours(24),
        };
        let least = LimitMemory::of_mib(*POSSIBLE_MIB.start());
        assert_eq!(least.shortage(limit, 1), None);
    }
}
