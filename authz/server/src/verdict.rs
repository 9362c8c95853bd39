//! What the gate says to a question.

use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::{Denial, OnDenied, RateLimit};
use portcullis_token::{Caller, CallerKind, Reason, Refusal};

use crate::known_caller::KnownCaller;

/// Pass or not.
#[derive(Debug)]
pub(crate) enum Verdict {
    Allow(Pass),
    Deny(Denied),
}

/// What goes with an allowed request.
#[derive(Debug)]
pub(crate) struct Pass {
    /// Which rule of the policy allowed it.
    pub(crate) rule: usize,
    /// `None`: nobody that is known.
    pub(crate) caller: Option<Arc<KnownCaller>>,
    /// Only of somebody that is known, and where the service is to have one.
    pub(crate) assertion: Option<Arc<str>>,
    pub(crate) forward_token: bool,
    pub(crate) quota: Option<Quota>,
}

/// A request that does not pass, and who asked, as far as that is proved.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) who: Option<Who>,
    pub(crate) refused: Refused,
}

/// A verified caller, for the record.
#[derive(Debug)]
pub(crate) struct Who {
    pub(crate) tenant: String,
    pub(crate) object_id: String,
    /// What they may do, where that was not enough.
    pub(crate) rights: Option<Rights>,
}

/// What a caller may do, for the record: by it `portcullis explain` says why it was not enough.
#[derive(Debug)]
pub(crate) struct Rights {
    pub(crate) kind: CallerKind,
    pub(crate) actor: Option<String>,
    pub(crate) scopes: String,
    pub(crate) roles: String,
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        let Caller {
            kind,
            actor,
            scopes,
            roles,
            ..
        } = caller;
        let (scopes, roles) = (scopes.join(" "), roles.join(" "));
        let rights = Some(Rights {
            kind: *kind,
            actor: actor.clone(),
            scopes,
            roles,
        });
        Self {
            tenant: caller.tenant.clone(),
            object_id: caller.object_id.clone(),
            rights,
        }
    }
}

impl From<&KnownCaller> for Who {
    fn from(caller: &KnownCaller) -> Self {
        Self {
            tenant: caller.shared.tenant.to_string(),
            object_id: caller.object_id(),
            rights: None,
        }
    }
}

/// What is left of a rate limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    pub(crate) limit: RateLimit,
    pub(crate) remaining: u32,
    pub(crate) reset: Duration,
}

/// Why a request does not pass.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The client sent more headers, or larger ones, than the gateway passes on.
    HeadersTooLarge,
    /// Path and query are longer than the gateway passes on.
    UriTooLong,
    /// The route names no policy.
    NoPolicy,
    /// The route names a policy that is not in force. It may be on its way, as the route was.
    UnknownPolicy,
    Token(Refusal),
    Policy {
        denial: Denial,
        on_denied: OnDenied,
    },
    /// The caller's claims do not fit into headers, or with the assertion not into the reserve.
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

/// Signing keys that a token needs and that cannot be had now.
#[derive(Debug)]
pub(crate) struct MissingKeys {
    /// The issuer, by its name in the policies.
    pub(crate) issuer: String,
    /// Which of its sources: a URL, usually.
    pub(crate) source: Option<String>,
    /// Why the last fetch failed.
    pub(crate) cause: String,
}

/// A fault of ours. Nobody passes, and nobody is told that it was their fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("no signing keys of issuer {}: {}", .0.issuer, .0.cause)]
    KeysUnavailable(Box<MissingKeys>),
    #[error(
        "the path {path:?} does not begin with the route's removed_prefix {prefix:?}; correct context_extensions in Envoy's routes"
    )]
    RouteMismatch { path: String, prefix: String },
    #[error(
        "the store of rate limits does not answer, and --rate-limit-store-down says that nobody passes without"
    )]
    LimitsUnavailable,
    #[error("an assertion cannot be signed")]
    NotSigned,
}

impl Fault {
    /// The reason code.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::KeysUnavailable(_) => Reason::KeysUnavailable.code(),
            Self::RouteMismatch { .. } => "route_mismatch",
            Self::LimitsUnavailable => "rate_limit_store_unavailable",
            Self::NotSigned => "assertion_not_signed",
        }
    }
}
