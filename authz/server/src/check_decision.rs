//! Decisions: admitted, denied, or a fault.

use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::{OnDenied, PolicyDenied, RateLimit};
use portcullis_reason_codes::{
    ASSERTION_NOT_SIGNED, RATE_LIMIT_STORE_UNAVAILABLE, ROUTE_MISMATCH, ReasonCode,
};
use portcullis_token::{Caller, CallerKind, Reason, TokenDenied};

use crate::cached_caller::CachedCaller;

/// The decision about one request.
#[derive(Debug)]
pub(crate) enum CheckDecision {
    Allow(Admitted),
    Deny(Denied),
}

/// An admitted request: its caller, and what the reply adds.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// The policy's rule that allowed it, counted from 0.
    pub(crate) rule: usize,
    /// The verified caller, or `None` if anonymous.
    pub(crate) caller: Option<Arc<CachedCaller>>,
    /// Only for a verified caller, and unless the policy has `bind: none`.
    pub(crate) assertion: Option<Arc<str>>,
    pub(crate) forward_token: bool,
    pub(crate) quota: Option<Quota>,
}

/// A denied request, with its caller if the token proved one.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) caller: Option<CallerRecord>,
    pub(crate) reason: DenyReason,
}

/// A verified caller, for the decision log.
#[derive(Debug)]
pub(crate) struct CallerRecord {
    pub(crate) tenant: String,
    pub(crate) object_id: String,
    /// The caller's rights, if they were not enough.
    pub(crate) rights: Option<Rights>,
}

/// What a caller may do, for the decision log.
///
/// `portcullis explain` shows from it why that was not enough.
#[derive(Debug)]
pub(crate) struct Rights {
    pub(crate) kind: CallerKind,
    pub(crate) actor: Option<String>,
    pub(crate) scopes: String,
    pub(crate) roles: String,
}

impl From<&Caller> for CallerRecord {
    fn from(caller: &Caller) -> Self {
        let Caller {
            kind,
            actor,
            scopes,
            roles,
            ..
        } = caller;
        let rights = Some(Rights {
            kind: *kind,
            actor: actor.clone(),
            scopes: scopes.join(" "),
            roles: roles.join(" "),
        });
        Self {
            tenant: caller.tenant.clone(),
            object_id: caller.object_id.clone(),
            rights,
        }
    }
}

impl From<&CachedCaller> for CallerRecord {
    fn from(caller: &CachedCaller) -> Self {
        Self {
            tenant: caller.shared.tenant.to_string(),
            object_id: caller.object_id(),
            rights: None,
        }
    }
}

/// The remaining requests of a rate limit, and the time until it resets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    pub(crate) limit: RateLimit,
    pub(crate) remaining: u32,
    pub(crate) reset: Duration,
}

/// Why a request is denied.
#[derive(Debug)]
pub(crate) enum DenyReason {
    /// The client sent more headers, or larger ones, than the gateway forwards.
    HeadersTooLarge,
    /// Path and query are longer than the gateway forwards.
    UriTooLong,
    /// The route names no policy.
    NoPolicy,
    /// The route names a policy that is not in force. It may come later than the route.
    UnknownPolicy,
    Token(TokenDenied),
    Policy {
        denial: PolicyDenied,
        on_denied: OnDenied,
    },
    /// The claims do not fit into headers, or claims and assertion not into the reserve.
    ClaimsTooLarge,
    RateLimited {
        quota: Quota,
        retry_after: Duration,
    },
    /// The memory of rate limits is full of live windows.
    LimiterFull {
        retry_after: Duration,
    },
}

/// Keys unavailable: signing keys that a token needs and the server lacks.
#[derive(Debug)]
pub(crate) struct MissingKeys {
    /// The issuer, by its name in the policies.
    pub(crate) issuer: String,
    /// Its key source: usually a URL.
    pub(crate) source: Option<String>,
    /// Why the last fetch failed.
    pub(crate) cause: String,
}

/// An error of the system rather than of the request.
///
/// Envoy answers 503: the request does not pass, and the answer does not blame the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("no signing keys of issuer {}: {}", .0.issuer, .0.cause)]
    KeysUnavailable(Box<MissingKeys>),
    #[error(
        "the path {path:?} does not begin with the route's removed_prefix {prefix:?}; \
         correct context_extensions in Envoy's routes"
    )]
    RouteMismatch { path: String, prefix: String },
    #[error(
        "the rate-limit store does not answer, and --rate-limit-store-down refuse denies requests \
         that it does not count"
    )]
    LimitsUnavailable,
    #[error("an assertion cannot be signed")]
    NotSigned,
}

impl Fault {
    /// The reason code.
    pub(crate) fn reason_code(&self) -> ReasonCode {
        match self {
            Self::KeysUnavailable(_) => Reason::KeysUnavailable.reason_code(),
            Self::RouteMismatch { .. } => ROUTE_MISMATCH,
            Self::LimitsUnavailable => RATE_LIMIT_STORE_UNAVAILABLE,
            Self::NotSigned => ASSERTION_NOT_SIGNED,
        }
    }
}
