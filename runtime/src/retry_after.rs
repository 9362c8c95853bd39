use std::time::Duration;

use http::{HeaderMap, header};

/// The pause that an answer asks for (RFC 9110 §10.2.3), where it says so in seconds. Dates are
/// left out: nothing that is called here sends them, and they would need two clocks that agree.
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
