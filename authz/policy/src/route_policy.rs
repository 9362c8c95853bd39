use std::time::Duration;

use portcullis_token::{Audiences, Caller, CallerKind};

use crate::decision::{Decision, Denial, DenialReason};

/// What may pass one kind of route, and what the service behind it learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePolicy {
    /// The name by which the gateway's routes refer to it.
    pub name: String,
    /// The name of the issuer of its tokens.
    pub issuer: String,
    /// What the API is called in tokens.
    pub audiences: Audiences,
    /// How often one caller may pass.
    pub rate_limit: Option<RateLimit>,
    /// The service behind it.
    pub upstream: Upstream,
    pub(crate) rules: Vec<Rule>,
}

/// One way to be allowed: all that is listed must be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(crate) callers: CallerKind,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) actors: Vec<String>,
}

/// At most `requests` in any window of length `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many, at least one.
    pub requests: u32,
    /// In which time.
    pub per: Duration,
}

/// The service behind a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The audience of assertions to it.
    pub name: String,
    /// Whether the caller's token reaches it.
    pub forward_token: bool,
}

impl RoutePolicy {
    /// Whether `caller` may pass: by the first rule that allows it, and else not.
    #[must_use]
    pub fn decide(&self, caller: &Caller) -> Decision {
        let mut denial: Option<Denial> = None;
        for (index, rule) in self.rules.iter().enumerate() {
            match rule.denial(caller) {
                None => return Decision::Allow { rule: index },
                // The rule that came closest says best what is lacking.
                Some(next) if denial.as_ref().is_none_or(|denial| next.reason > denial.reason) => denial = Some(next),
                Some(_) => {}
            }
        }
        Decision::Deny(denial.unwrap_or_else(Denial::no_rules))
    }
}

impl Rule {
    fn denial(&self, caller: &Caller) -> Option<Denial> {
        if caller.kind != self.callers {
            let detail = match self.callers {
                CallerKind::User => "this route is for users; an application's own token does not open it",
                CallerKind::Application => "this route is for applications; a user's token does not open it",
            };
            return Some(Denial {
                reason: DenialReason::CallerKindNotAllowed,
                detail: detail.to_owned(),
                scopes: Vec::new(),
            });
        }
        if !self.actors.is_empty() && !caller.actor.as_ref().is_some_and(|actor| self.actors.contains(actor)) {
            let detail = "the client application that obtained the token may not call this route".to_owned();
            return Some(Denial { reason: DenialReason::ActorNotAllowed, detail, scopes: Vec::new() });
        }
        if !self.scopes.is_empty() && !self.scopes.iter().any(|scope| caller.has_scope(scope)) {
            let detail = format!("the token lacks a scope that this route needs: {}", self.scopes.join(" or "));
            return Some(Denial { reason: DenialReason::ScopeMissing, detail, scopes: self.scopes.clone() });
        }
        if !self.roles.is_empty() && !self.roles.iter().any(|role| caller.has_role(role)) {
            let detail = format!("the caller lacks a role that this route needs: {}", self.roles.join(" or "));
            return Some(Denial { reason: DenialReason::RoleMissing, detail, scopes: Vec::new() });
        }
        None
    }
}
