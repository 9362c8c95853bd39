//! The requirements of rules, each checked separately.
//!
//! Decisions and explanations use the same checks.

use std::fmt::Display;

use portcullis_token::{Caller, CallerKind};
use serde_json::Value;

use crate::decision::DenialReason;
use crate::route_policy::AccessRequest;
use crate::rule::Rule;

/// A requirement of a rule, ordered from the farthest miss to the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requirement {
    /// One of the HTTP methods.
    Methods,
    /// The kind of caller: users, or applications.
    Callers,
    /// One of the client applications.
    Actors,
    /// One of the scopes.
    Scopes,
    /// One of the roles.
    Roles,
    /// All of the roles.
    AllRoles,
    /// Claims with one of their values.
    Claims,
}

impl Requirement {
    /// Every requirement.
    pub const ALL: [Self; 7] = [
        Self::Methods,
        Self::Callers,
        Self::Actors,
        Self::Scopes,
        Self::Roles,
        Self::AllRoles,
        Self::Claims,
    ];

    /// The field of a rule that has this requirement.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Methods => "methods",
            Self::Callers => "callers",
            Self::Actors => "actors",
            Self::Scopes => "scopes",
            Self::Roles => "roles",
            Self::AllRoles => "allRoles",
            Self::Claims => "claims",
        }
    }

    pub(crate) fn reason(self) -> DenialReason {
        match self {
            Self::Methods => DenialReason::MethodNotAllowed,
            Self::Callers => DenialReason::CallerKindNotAllowed,
            Self::Actors => DenialReason::ActorNotAllowed,
            Self::Scopes => DenialReason::ScopeMissing,
            Self::Roles | Self::AllRoles => DenialReason::RoleMissing,
            Self::Claims => DenialReason::ClaimNotAllowed,
        }
    }

    /// Whether `request` meets this requirement of `rule`.
    pub(crate) fn is_met(self, rule: &Rule, request: &AccessRequest<'_>) -> bool {
        let of_caller = |listed: bool, met: &dyn Fn(&Caller) -> bool| {
            !listed || request.caller.is_some_and(|verified| met(&verified.caller))
        };
        match self {
            Self::Methods => {
                rule.methods.is_empty()
                    || rule.methods.iter().any(|method| method == request.method)
            }
            Self::Callers => of_caller(rule.callers.is_some(), &|caller| {
                rule.callers == Some(caller.kind)
            }),
            Self::Actors => of_caller(!rule.actors.is_empty(), &|caller| {
                caller
                    .actor
                    .as_ref()
                    .is_some_and(|actor| rule.actors.contains(actor))
            }),
            Self::Scopes => of_caller(!rule.scopes.is_empty(), &|caller| {
                rule.scopes.iter().any(|scope| caller.has_scope(scope))
            }),
            Self::Roles => of_caller(!rule.roles.is_empty(), &|caller| {
                rule.roles.iter().any(|role| caller.has_role(role))
            }),
            Self::AllRoles => of_caller(!rule.all_roles.is_empty(), &|caller| {
                rule.all_roles.iter().all(|role| caller.has_role(role))
            }),
            Self::Claims => {
                rule.claims.is_empty()
                    || request
                        .caller
                        .is_some_and(|verified| rule.claims.unmet(&verified.claims).is_none())
            }
        }
    }

    /// What `rule` requires, in words; `None` if it does not have this requirement.
    pub(crate) fn needed(self, rule: &Rule) -> Option<String> {
        let any_of = |list: &[String]| (!list.is_empty()).then(|| list.join(" or "));
        match self {
            Self::Methods => any_of(&rule.methods),
            Self::Callers => Some(rule.callers.map_or("anyone", words).to_owned()),
            Self::Actors => any_of(&rule.actors),
            Self::Scopes => any_of(&rule.scopes),
            Self::Roles => any_of(&rule.roles),
            Self::AllRoles => (!rule.all_roles.is_empty()).then(|| rule.all_roles.join(" and ")),
            Self::Claims => {
                let claim =
                    |(name, values): (&str, &[Value])| format!("{name} {}", joined(values, " or "));
                (!rule.claims.is_empty())
                    .then(|| rule.claims.iter().map(claim).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// What `request` has for this requirement, in words.
    ///
    /// Claims are named but not shown, because they can be personal.
    pub(crate) fn had(self, rule: &Rule, request: &AccessRequest<'_>) -> String {
        let Some(verified) = request.caller.filter(|_| self != Self::Methods) else {
            return if self == Self::Methods {
                request.method.to_owned()
            } else {
                "no token".to_owned()
            };
        };
        let caller = &verified.caller;
        let list = |items: &[String]| {
            if items.is_empty() {
                "none".to_owned()
            } else {
                items.join(" ")
            }
        };
        match self {
            Self::Methods => request.method.to_owned(),
            Self::Callers => words(caller.kind).to_owned(),
            Self::Actors => caller.actor.clone().unwrap_or_else(|| "none".to_owned()),
            Self::Scopes => list(&caller.scopes),
            Self::Roles | Self::AllRoles => list(&caller.roles),
            Self::Claims => match rule.claims.unmet(&verified.claims) {
                Some(claim) if verified.claims.has(claim) => format!("{claim} with another value"),
                Some(claim) => format!("no {claim}"),
                None => "all of them".to_owned(),
            },
        }
    }
}

fn words(kind: CallerKind) -> &'static str {
    match kind {
        CallerKind::User => "users",
        CallerKind::Application => "applications",
    }
}

fn joined(values: &[impl Display], separator: &str) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(separator)
}
