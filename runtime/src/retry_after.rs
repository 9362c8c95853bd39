use std::time::Duration;

use http::{HeaderMap, header};

/// The delay in a response's `Retry-After` header, if it is in seconds (RFC 9110 §10.2.3).
///
/// Dates are ignored: no server that the programs call sends them, and they would need two clocks
/// that agree.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}
