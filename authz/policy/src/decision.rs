/// Whether a caller may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow {
        /// Which rule allowed it, counted from 0.
        rule: usize,
    },
    /// No.
    Deny(Denial),
}

/// Why a caller may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The stable reason.
    pub reason: DenialReason,
    /// What is lacking, for a person.
    pub detail: String,
    /// The scopes to request, for the `scope` attribute of RFC 6750 §3.
    pub scopes: Vec<String>,
}

/// The stable reasons of denials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DenialReason {
    /// No rule is for this HTTP method.
    MethodNotAllowed,
    /// Users and applications are not interchangeable, whatever their roles.
    CallerKindNotAllowed,
    /// Another client application must ask.
    ActorNotAllowed,
    /// No scope that would do.
    ScopeMissing,
    /// No role that would do, or not all that are needed.
    RoleMissing,
    /// A claim that is needed is absent or has another value.
    ClaimNotAllowed,
    /// The caller or the client application is on the deny list.
    CallerBlocked,
    /// The token or its sign-in session is on the deny list.
    TokenRevoked,
}

impl Denial {
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

    /// The code as it is written everywhere; services use the same words.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "method_not_allowed",
            Self::CallerKindNotAllowed => "caller_kind_not_allowed",
            Self::ActorNotAllowed => "actor_not_allowed",
            Self::ScopeMissing => "scope_missing",
            Self::RoleMissing => "role_missing",
            Self::ClaimNotAllowed => "claim_not_allowed",
            Self::CallerBlocked => "caller_blocked",
            Self::TokenRevoked => "token_revoked",
        }
    }
}
