use portcullis_reason_codes::{
    ACTOR_NOT_ALLOWED, CALLER_BLOCKED, CALLER_KIND_NOT_ALLOWED, CLAIM_NOT_ALLOWED,
    METHOD_NOT_ALLOWED, ROLE_MISSING, ReasonCode, SCOPE_MISSING, TOKEN_REVOKED,
};

use crate::route_policy::Grant;

/// What a policy decides about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A rule allows the request.
    Allow {
        /// The first rule that allows it, counted from 0.
        rule: usize,
        /// The rules that decide about the caller's requests with other methods.
        grant: Grant,
    },
    /// No rule allows it, or the deny list denies it.
    Deny(PolicyDenied),
}

/// Why a policy denies a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDenied {
    /// The reason, whose code is stable.
    pub reason: DenialReason,
    /// The denial in words, for people.
    pub detail: String,
    /// The scopes to request, for the `scope` attribute of RFC 6750 §3.
    pub scopes: Vec<String>,
}

/// The reasons of a policy's denials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DenialReason {
    /// No rule has this HTTP method.
    MethodNotAllowed,
    /// No rule is for this kind of caller, whatever its roles.
    CallerKindNotAllowed,
    /// No rule lists the client application that obtained the token.
    ActorNotAllowed,
    /// None of the needed scopes is present.
    ScopeMissing,
    /// None of the needed roles is present, or not all of `allRoles`.
    RoleMissing,
    /// A needed claim is absent or has another value.
    ClaimNotAllowed,
    /// The caller or the client application is on the deny list.
    CallerBlocked,
    /// The token or its sign-in session is on the deny list.
    TokenRevoked,
}

impl PolicyDenied {
    pub(crate) fn new(reason: DenialReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            scopes: Vec::new(),
        }
    }
}

impl DenialReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::MethodNotAllowed,
        Self::CallerKindNotAllowed,
        Self::ActorNotAllowed,
        Self::ScopeMissing,
        Self::RoleMissing,
        Self::ClaimNotAllowed,
        Self::CallerBlocked,
        Self::TokenRevoked,
    ];

    /// The reason code; services use the same ones.
    #[must_use]
    pub fn reason_code(self) -> ReasonCode {
        match self {
            Self::MethodNotAllowed => METHOD_NOT_ALLOWED,
            Self::CallerKindNotAllowed => CALLER_KIND_NOT_ALLOWED,
            Self::ActorNotAllowed => ACTOR_NOT_ALLOWED,
            Self::ScopeMissing => SCOPE_MISSING,
            Self::RoleMissing => ROLE_MISSING,
            Self::ClaimNotAllowed => CLAIM_NOT_ALLOWED,
            Self::CallerBlocked => CALLER_BLOCKED,
            Self::TokenRevoked => TOKEN_REVOKED,
        }
    }

    /// The reason code as it is written everywhere.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.reason_code().as_str()
    }
}
