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

/// The stable reasons, from the farthest to the nearest miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DenialReason {
    /// Users and applications are not interchangeable, whatever their roles.
    CallerKindNotAllowed,
    /// Another client application must ask.
    ActorNotAllowed,
    /// No scope that would do.
    ScopeMissing,
    /// No role that would do.
    RoleMissing,
}

impl Denial {
    /// Compiled policies have rules, so that this is only what happens if they had none.
    pub(crate) fn no_rules() -> Self {
        let detail = "no rule allows anybody".to_owned();
        Self { reason: DenialReason::CallerKindNotAllowed, detail, scopes: Vec::new() }
    }
}

impl DenialReason {
    /// The code as it is written everywhere; services use the same words.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CallerKindNotAllowed => "caller_kind_not_allowed",
            Self::ActorNotAllowed => "actor_not_allowed",
            Self::ScopeMissing => "scope_missing",
            Self::RoleMissing => "role_missing",
        }
    }
}
