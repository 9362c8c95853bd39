use std::time::{SystemTime, UNIX_EPOCH};

/// The time now, in seconds since 1970.
#[must_use]
pub fn unix_now() -> u64 {
    // A clock before 1970 makes every token "not yet valid", which is the safe answer.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
