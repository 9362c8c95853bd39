//! The reason codes: the stable words in the answers, logs and metrics of the gateway, the authz
//! server and the services.
//!
//! A problem (RFC 9457) is made from a [`ReasonCode`], so that no code reaches a client without an
//! entry here. `docs/reason-codes.md` is written from [`ALL`] by `make generate`.
//!
//! ```
//! use portcullis_reason_codes::{ALL, TOKEN_EXPIRED};
//!
//! assert_eq!(TOKEN_EXPIRED.as_str(), "token_expired");
//! assert_eq!(TOKEN_EXPIRED.problem_type(), "/reason-codes#token_expired");
//! assert!(ALL.contains(&TOKEN_EXPIRED));
//! ```

mod page;
mod registry;

use std::fmt;

pub use page::page;
pub use registry::*;

/// A stable word for why a request was denied or failed.
#[derive(Clone, Copy)]
pub struct ReasonCode(&'static Entry);

/// The senders, statuses, meaning and remedy of a code.
#[derive(Debug)]
struct Entry {
    code: &'static str,
    problem_type: &'static str,
    senders: Senders,
    meaning: &'static str,
    remedy: &'static str,
}

/// Programs, and the HTTP statuses that each sends.
pub type Senders = &'static [(Sender, &'static [u16])];

/// A program that sends a code, or writes it to its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Envoy's own answers.
    Gateway,
    /// The authz server's answers, which the gateway passes on.
    AuthzServer,
    /// The admin API of the authz server.
    AdminApi,
    /// The authz server's log and metrics alone: the client gets `authorization_unavailable`.
    AuthzServerLog,
    /// The services behind the gateway.
    Service,
}

impl ReasonCode {
    /// The code as it is written everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0.code
    }

    /// The `type` of a problem with this code (RFC 9457 §3.1.1): a URL path, which stays the same.
    #[must_use]
    pub const fn problem_type(self) -> &'static str {
        self.0.problem_type
    }

    /// Who sends the code, and with which HTTP statuses.
    #[must_use]
    pub const fn senders(self) -> Senders {
        self.0.senders
    }
}

impl PartialEq for ReasonCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.code == other.0.code
    }
}

impl Eq for ReasonCode {}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.code)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.code)
    }
}
