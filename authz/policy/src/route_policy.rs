use std::sync::Arc;
use std::time::Duration;

use portcullis_token::{Audiences, CallerKind, RequiredClaims, Verified};

use crate::decision::{Decision, Denial, DenialReason};
use crate::deny_list::DenyList;
use crate::requirement::Requirement;

/// What may pass one kind of route, and what the service behind it learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePolicy {
    /// The name by which the gateway's routes refer to it.
    pub name: String,
    /// Whose tokens count; without, no token is looked at.
    pub tokens: Option<AcceptedTokens>,
    /// How a verified caller that no rule allows is answered.
    pub on_denied: OnDenied,
    /// How often one caller may pass.
    pub rate_limit: Option<RateLimit>,
    /// The service behind it.
    pub upstream: Upstream,
    pub(crate) rules: Vec<Rule>,
    pub(crate) deny_list: Arc<DenyList>,
}

/// The tokens that a policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedTokens {
    /// The name of their issuer.
    pub issuer: String,
    /// What the API is called in them.
    pub audiences: Audiences,
}

/// The status of a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDenied {
    /// 403 `insufficient_scope` (RFC 6750 §3.1).
    Forbidden,
    /// 401, as API Management's validate-jwt answers.
    Unauthorized,
}

/// One way to be allowed: all that is listed must be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `None`: anyone, with or without a token.
    pub(crate) callers: Option<CallerKind>,
    pub(crate) methods: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) all_roles: Vec<String>,
    pub(crate) actors: Vec<String>,
    pub(crate) claims: RequiredClaims,
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
    /// What assertions to it are good for.
    pub bind: Binding,
}

/// What an assertion is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// One request: its method and path.
    Request,
    /// Any request of the caller.
    Identity,
    /// There are none.
    None,
}

/// Who asks, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `None`: nobody that is known.
    pub caller: Option<&'a Verified>,
    /// The HTTP method.
    pub method: &'a str,
}

/// Which rules a caller meets, but for their methods: what of a decision can be kept while the
/// token lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant(u64);

/// How one rule judged, requirement by requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The requirement.
    pub requirement: Requirement,
    /// What the rule asks for.
    pub needed: String,
    /// What the request brought.
    pub had: String,
    /// Whether that will do.
    pub met: bool,
}

impl RoutePolicy {
    /// A [`Grant`] has a bit for each rule.
    pub(crate) const MOST_RULES: usize = u64::BITS as usize;

    /// Whether `asked` may pass: by the first rule that allows it, and else not.
    #[must_use]
    pub fn decide(&self, asked: &Asked<'_>) -> Decision {
        match self.grant(asked.caller) {
            Err(denial) => Decision::Deny(denial),
            Ok(grant) => match self.rule_for(grant, asked.method) {
                Some(rule) => Decision::Allow { rule },
                None => Decision::Deny(self.nearest_miss(asked)),
            },
        }
    }

    /// Which rules `caller` meets, but for their methods; nothing at all if the caller is on the
    /// deny list.
    pub fn grant(&self, caller: Option<&Verified>) -> Result<Grant, Denial> {
        if let Some(denial) = caller.and_then(|verified| self.deny_list.denial(verified)) {
            return Err(denial);
        }
        let asked = Asked { caller, method: "" };
        let of_caller = |requirement: &Requirement| *requirement != Requirement::Methods;
        let meets = |rule: &Rule| {
            Requirement::ALL
                .iter()
                .filter(|item| of_caller(item))
                .all(|item| item.is_met(rule, &asked))
        };
        let bits = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| meets(rule))
            .map(|(index, _)| 1_u64 << (index % Self::MOST_RULES));
        Ok(Grant(bits.sum()))
    }

    /// The first rule of `grant` that is for `method`.
    #[must_use]
    pub fn rule_for(&self, Grant(bits): Grant, method: &str) -> Option<usize> {
        let asked = Asked {
            caller: None,
            method,
        };
        let mut granted = self
            .rules
            .iter()
            .enumerate()
            .filter(|(index, _)| bits >> (index % Self::MOST_RULES) & 1 == 1);
        granted
            .find(|(_, rule)| Requirement::Methods.is_met(rule, &asked))
            .map(|(index, _)| index)
    }

    /// Whether some rule is for everybody, so that a request without a token may pass.
    #[must_use]
    pub fn is_for_anyone(&self) -> bool {
        self.rules.iter().any(|rule| rule.callers.is_none())
    }

    /// How each rule judges `asked`.
    #[must_use]
    pub fn explain(&self, asked: &Asked<'_>) -> Vec<Vec<Explained>> {
        let explain = |rule: &Rule, requirement: Requirement| {
            let (had, met) = (
                requirement.had(rule, asked),
                requirement.is_met(rule, asked),
            );
            Some(Explained {
                requirement,
                needed: requirement.needed(rule)?,
                had,
                met,
            })
        };
        let rule = |rule| {
            Requirement::ALL
                .into_iter()
                .filter_map(|requirement| explain(rule, requirement))
                .collect()
        };
        self.rules.iter().map(rule).collect()
    }

    /// Why no rule lets `asked` pass: the rule that came closest says best what is lacking.
    #[must_use]
    pub fn nearest_miss(&self, asked: &Asked<'_>) -> Denial {
        let missed = |rule| {
            Some((
                Requirement::ALL
                    .into_iter()
                    .find(|requirement| !requirement.is_met(rule, asked))?,
                rule,
            ))
        };
        let mut nearest: Option<(Requirement, &Rule)> = None;
        for (requirement, rule) in self.rules.iter().filter_map(missed) {
            if nearest.is_none_or(|(nearest, _)| requirement > nearest) {
                nearest = Some((requirement, rule));
            }
        }
        match nearest {
            Some((requirement, rule)) => rule.denial(requirement),
            // Compiled policies have rules, so that this is only what happens if they had none.
            None => Denial::new(DenialReason::CallerKindNotAllowed, "no rule allows anybody"),
        }
    }
}

impl Rule {
    fn denial(&self, missed: Requirement) -> Denial {
        let needed = missed.needed(self).unwrap_or_default();
        let detail = match (missed, self.callers) {
            (Requirement::Methods, _) => format!("this route is for other methods: {needed}"),
            (Requirement::Callers, Some(CallerKind::Application)) => {
                "this route is for applications; a user's token does not open it".to_owned()
            }
            (Requirement::Callers, _) => {
                "this route is for users; an application's own token does not open it".to_owned()
            }
            // Which applications, and which values of claims, is nothing that a stranger has to
            // know.
            (Requirement::Actors, _) => {
                "the client application that obtained the token may not call this route".to_owned()
            }
            (Requirement::Scopes, _) => {
                format!("the token lacks a scope that this route needs: {needed}")
            }
            (Requirement::Roles, _) => {
                format!("the caller lacks a role that this route needs: {needed}")
            }
            (Requirement::AllRoles, _) => {
                format!("the caller lacks one of the roles that this route needs: {needed}")
            }
            (Requirement::Claims, _) => {
                let names: Vec<&str> = self.claims.iter().map(|(name, _)| name).collect();
                format!(
                    "the token lacks a claim that this route needs, or has another value of it: {}",
                    names.join(", ")
                )
            }
        };
        let scopes = if missed == Requirement::Scopes {
            self.scopes.clone()
        } else {
            Vec::new()
        };
        Denial {
            reason: missed.reason(),
            detail,
            scopes,
        }
    }
}
