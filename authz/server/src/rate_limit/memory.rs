use portcullis_policy::RateLimit;

use super::windows::{bytes_for, most_bytes, surely_fit};

/// Default memory for rate limits, in MiB. With the decision cache's 256 MiB it fits into a pod of
/// 512 MiB.
pub const USUAL_MIB: u64 = 128;
/// Range of the setting. In less, one caller's window of 100,000 requests would not fit.
pub const POSSIBLE_MIB: std::ops::RangeInclusive<u64> = 16..=65536;

const MIB: usize = 1024 * 1024;
/// Addresses get one part of the memory in this many; verified callers get the rest.
///
/// An address costs a client nothing, so no share would hold all that the owner of a large network
/// can use.
const PARTS: usize = 8;

/// Bytes for rate limits, divided between verified callers and addresses.
#[derive(Clone, Copy, Debug)]
pub struct LimitMemory {
    pub(crate) callers: usize,
    pub(crate) addresses: usize,
}

/// A limit for which there is too little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The most bytes for one caller.
    pub each: usize,
    /// The number of callers that fit.
    pub fit: usize,
    /// The memory in MiB into which all callers fit.
    pub needed_mib: usize,
}

impl Default for LimitMemory {
    fn default() -> Self {
        Self::of_mib(USUAL_MIB)
    }
}

impl LimitMemory {
    /// Divides `mib` MiB: addresses get an eighth.
    #[must_use]
    pub fn of_mib(mib: u64) -> Self {
        let bytes = usize::try_from(mib)
            .unwrap_or(usize::MAX)
            .saturating_mul(MIB);
        Self {
            callers: bytes / PARTS * (PARTS - 1),
            addresses: bytes / PARTS,
        }
    }

    /// The shortage if `callers` callers use up `limit` at the same time; `None` if they fit.
    #[must_use]
    pub fn shortage(self, limit: RateLimit, callers: usize) -> Option<Shortage> {
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
    fn shortage_says_how_much_memory_is_needed() {
        struct Case {
            name: &'static str,
            limit: RateLimit,
            callers: usize,
            fits: bool,
        }
        let case = |name, requests, per, callers, fits| Case {
            name,
            limit: RateLimit { requests, per },
            callers,
            fits,
        };
        let second = Duration::from_secs(1);
        let minute = Duration::from_mins(1);
        let day = Duration::from_hours(24);
        for Case {
            name,
            limit,
            callers,
            fits,
        } in [
            case("the default", 100, minute, 100_000, true),
            case("three times the default", 300, minute, 100_000, true),
            case("ten times the default", 1000, minute, 100_000, false),
            case("ten times for a tenth", 1000, minute, 10_000, true),
            case("the largest for many", 100_000, day, 100_000, false),
            case("the largest for few", 100_000, day, 100, true),
            case("the smallest", 1, second, 100_000, true),
            case("the smallest for most", 1, second, 10_000_000, false),
        ] {
            let shortage = LimitMemory::of_mib(USUAL_MIB).shortage(limit, callers);
            assert_eq!(shortage.is_none(), fits, "{name}: {shortage:?}");
            let Some(shortage) = shortage else { continue };
            let enough = LimitMemory::of_mib(shortage.needed_mib as u64);
            assert_eq!(enough.shortage(limit, callers), None, "{name}");
            let less = LimitMemory::of_mib(shortage.needed_mib as u64 * 9 / 10);
            assert!(less.shortage(limit, callers).is_some(), "{name}");
        }
    }

    #[test]
    fn largest_window_fits_into_the_least_memory() {
        let limit = RateLimit {
            requests: 100_000,
            per: Duration::from_hours(24),
        };
        let least = LimitMemory::of_mib(*POSSIBLE_MIB.start());
        assert_eq!(least.shortage(limit, 1), None);
    }
}
