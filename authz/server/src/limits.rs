//! Request limits, which leave Envoy room for the headers that the authz server adds.
//!
//! Envoy 1.40 answers 500 when the headers of a request exceed the limits of its connection manager
//! after the additions of ext_authz: `max_headers_count` and `max_request_headers_kb` in
//! `envoy/listeners.yaml`. Those limits have a reserve above the ones here, and [`MOST_ADDED`]
//! keeps the additions within the reserve.

use crate::check_decision::DenyReason;
use crate::check_request::Attributes;

/// The header in which Envoy sends the size of the client's request.
pub(crate) const REQUEST_SIZE: &str = "x-gateway-request-size";

/// Most header fields of a client, without `Host` or `:authority`.
pub(crate) const MOST_HEADERS: usize = 64;
/// Most bytes of these fields (names and values), the host, the method and the path.
pub(crate) const MOST_BYTES: usize = 32 * 1024;
/// Most bytes of path and query. RFC 9112 §3 asks for at least 8,000, with method and version.
pub(crate) const LONGEST_PATH: usize = 8 * 1024;
/// Most bytes of identity headers and assertion. Envoy's own headers need less than the 2 KiB that
/// remain of the reserve of 32 KiB.
pub(crate) const MOST_ADDED: usize = 30 * 1024;

/// The size of a client's request, without the fields that Envoy adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestSize {
    headers: usize,
    bytes: usize,
}

impl RequestSize {
    /// Reads `COUNT BYTES SCHEME`, which Envoy writes before it adds anything.
    ///
    /// HTTP/2 has `:scheme`, HTTP/1.1 only in an absolute target, so it is not counted in either.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(value).ok()?.split(' ');
        let count = parts.next()?;
        let bytes = parts.next()?;
        let scheme = parts.next().unwrap_or_default();
        // `:authority`, `:method`, `:path`.
        let headers = count.parse::<usize>().ok()?.saturating_sub(3);
        let bytes = bytes.parse::<usize>().ok()?;
        if scheme.is_empty() {
            return Some(Self { headers, bytes });
        }
        let of_scheme = ":scheme".len() + scheme.len();
        Some(Self {
            headers: headers.saturating_sub(1),
            bytes: bytes.saturating_sub(of_scheme),
        })
    }
}

/// The limit that the request exceeds, if any, as a reason to deny it.
pub(crate) fn exceeded(attributes: &Attributes<'_>) -> Option<DenyReason> {
    if attributes.path.len() > LONGEST_PATH {
        return Some(DenyReason::UriTooLong);
    }
    let RequestSize { headers, bytes } = attributes.size?;
    (headers > MOST_HEADERS || bytes > MOST_BYTES).then_some(DenyReason::HeadersTooLarge)
}

#[cfg(test)]
mod tests;
