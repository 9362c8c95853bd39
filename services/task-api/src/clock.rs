use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The present time in milliseconds since 1970, as the database stores it.
pub(crate) fn unix_milliseconds() -> i64 {
    milliseconds(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
