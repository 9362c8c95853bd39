use std::sync::Arc;
use std::time::Duration;

use portcullis_token::{Audiences, Verified};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::decision::{Decision, DenialReason, PolicyDenied};
use crate::deny_list::DenyList;
use crate::requirement::Requirement;
use crate::rule::Rule;

/// A compiled `RoutePolicy`: who may call its routes, and what the upstream gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePolicy {
    /// The name that the gateway's routes have for it.
    pub name: String,
    /// The tokens that it accepts; `None` if it ignores tokens.
    pub tokens: Option<AcceptedTokens>,
    /// The status for a verified caller whom no rule allows.
    pub on_denied: OnDenied,
    /// How many requests one caller may send.
    pub rate_limit: Option<RateLimit>,
    /// The service behind its routes.
    pub upstream: Upstream,
    pub(crate) rules: Vec<Rule>,
    pub(crate) deny_list: Arc<DenyList>,
}

/// The tokens that a policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedTokens {
    /// The name of their `TokenIssuer`.
    pub issuer: String,
    /// The audiences of the API in them.
    pub audiences: Audiences,
}

/// The status of a denial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnDenied {
    /// 403 `insufficient_scope` (RFC 6750 §3.1).
    #[default]
    Forbidden,
    /// 401, as API Management's validate-jwt answers.
    Unauthorized,
}

/// At most `requests` in any window of length `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The number of requests, at least one.
    pub requests: u32,
    /// The length of the window.
    pub per: Duration,
}

/// The service behind a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The audience of assertions to it.
    pub name: String,
    /// Whether Envoy forwards the caller's token to it.
    pub forward_token: bool,
    /// What assertions to it are bound to.
    pub bind: Binding,
}

/// What assertions to an upstream are bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Binding {
    /// One request, by its method and path. It is signed for each request.
    #[default]
    Request,
    /// Only the caller and the service. It is signed twice a minute for all requests of the caller.
    /// The service must accept it explicitly (`--accept-unbound-assertions`).
    Identity,
    /// There is no assertion, for a service that verifies the token itself or needs no identity.
    None,
}

/// The caller and method that a policy decides about.
#[derive(Clone, Copy, Debug)]
pub struct AccessRequest<'a> {
    /// The verified caller, or `None` if anonymous.
    pub caller: Option<&'a Verified>,
    /// The HTTP method.
    pub method: &'a str,
}

/// The rules that a caller meets, apart from their methods.
///
/// It is the part of a decision that can be cached while the token lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant(u64);

/// One requirement of a rule, with what a request had for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The requirement.
    pub requirement: Requirement,
    /// What the rule requires.
    pub needed: String,
    /// What the request had.
    pub had: String,
    /// Whether the requirement is met.
    pub met: bool,
}

impl RoutePolicy {
    /// Most rules of a policy, because a [`Grant`] has a bit for each.
    pub(crate) const MOST_RULES: usize = u64::BITS as usize;

    /// Decides about `request`: the first rule that allows it counts.
    ///
    /// The authz server, `portcullis test` and `portcullis explain` all use this function.
    #[must_use]
    pub fn decide(&self, request: &AccessRequest<'_>) -> Decision {
        let denied = request
            .caller
            .and_then(|verified| self.deny_list.denial(verified));
        if let Some(denied) = denied {
            return Decision::Deny(denied);
        }
        let grant = self.grant(request.caller);
        match self.rule_for(grant, request.method) {
            Some(rule) => Decision::Allow { rule, grant },
            None => Decision::Deny(self.nearest_miss(request)),
        }
    }

    /// The rules that `caller` meets, apart from their methods.
    fn grant(&self, caller: Option<&Verified>) -> Grant {
        let request = AccessRequest { caller, method: "" };
        let of_caller = |requirement: &Requirement| *requirement != Requirement::Methods;
        let meets = |rule: &Rule| {
            Requirement::ALL
                .iter()
                .filter(|item| of_caller(item))
                .all(|item| item.is_met(rule, &request))
        };
        let bits = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| meets(rule))
            .map(|(index, _)| 1_u64 << (index % Self::MOST_RULES));
        Grant(bits.sum())
    }

    /// The first rule of `grant` that allows `method`, counted from 0.
    ///
    /// [`RoutePolicy::decide`] finds the same rule for such a request of the same caller.
    #[must_use]
    pub fn rule_for(&self, Grant(bits): Grant, method: &str) -> Option<usize> {
        let request = AccessRequest {
            caller: None,
            method,
        };
        let mut granted = self
            .rules
            .iter()
            .enumerate()
            .filter(|(index, _)| bits >> (index % Self::MOST_RULES) & 1 == 1);
        granted
            .find(|(_, rule)| Requirement::Methods.is_met(rule, &request))
            .map(|(index, _)| index)
    }

    /// Whether a rule is for anyone, so that an anonymous request may be allowed.
    #[must_use]
    pub fn is_for_anyone(&self) -> bool {
        self.rules.iter().any(|rule| rule.callers.is_none())
    }

    /// Explains for each rule which of its requirements `request` meets.
    #[must_use]
    pub fn explain(&self, request: &AccessRequest<'_>) -> Vec<Vec<Explained>> {
        let explain = |rule: &Rule, requirement: Requirement| {
            Some(Explained {
                requirement,
                needed: requirement.needed(rule)?,
                had: requirement.had(rule, request),
                met: requirement.is_met(rule, request),
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

    /// The denial of `request` by the rule that it missed by least, which says best what is
    /// missing.
    fn nearest_miss(&self, request: &AccessRequest<'_>) -> PolicyDenied {
        let missed = |rule| {
            Some((
                Requirement::ALL
                    .into_iter()
                    .find(|requirement| !requirement.is_met(rule, request))?,
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
            // Compiled policies have rules, so this does not happen.
            None => PolicyDenied::new(
                DenialReason::CallerKindNotAllowed,
                "the policy has no rules",
            ),
        }
    }
}
