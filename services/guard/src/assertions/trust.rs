use std::path::PathBuf;

use url::Url;

/// The assertions that a guard accepts beside bearer tokens. An algorithm without keys is denied.
#[derive(Clone, Debug)]
pub struct AssertionTrust {
    /// This service's name in the authz server's policies (`upstream.name`).
    pub upstream: &'static str,
    /// URL of the authz server's public keys (ES256). The server at this URL decides which
    /// assertions are trusted, so without TLS it must be on this machine or behind a network
    /// policy.
    pub public_keys: Option<Url>,
    /// File of the MAC keys that the authz server shares with this service (HS256), reloaded when
    /// it changes.
    pub mac_keys: Option<PathBuf>,
    /// Whether assertions that are bound to no request are accepted. A stolen one allows every
    /// request of its caller for a minute.
    pub accept_unbound: bool,
}
