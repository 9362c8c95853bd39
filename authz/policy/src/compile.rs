//! From typed documents to a set in which every name leads somewhere and every rule can be met.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_token::{Audiences, CallerKind};

use crate::document::{Documents, Named};
use crate::issuer::{Issuer, compile_issuer};
use crate::problem::{PolicyProblem, PolicyProblems};
use crate::route_policy::{RateLimit, RoutePolicy, Rule, Upstream};
use crate::spec::{Callers, RateLimitSpec, RoutePolicySpec, RuleSpec, TokenIssuerSpec};

/// A limiter remembers as many times as it allows requests, so that the numbers are bounded.
const MOST_REQUESTS: u32 = 100_000;
const LONGEST_WINDOW: Duration = Duration::from_hours(24);

/// Policies that have been checked as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    issuers: BTreeMap<String, Issuer>,
    policies: BTreeMap<String, RoutePolicy>,
}

impl PolicySet {
    /// Compiles the documents of `files` (name and text of each), or says everything that is wrong.
    pub fn compile<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, PolicyProblems> {
        let (mut documents, mut problems, mut sources) = (Documents::default(), Vec::new(), Vec::new());
        for (source, text) in files {
            documents.read(source, text, &mut problems);
            sources.push(source);
        }
        let mut set = Self::default();
        for issuer in &documents.issuers {
            let compiled = compile_issuer(issuer, &mut problems);
            insert(&mut set.issuers, issuer, compiled, &mut problems);
        }
        for policy in &documents.policies {
            let compiled = compile_policy(policy, &documents.issuers, &mut problems);
            insert(&mut set.policies, policy, compiled, &mut problems);
        }
        if set.policies.is_empty() && problems.is_empty() {
            let problem = "has no RoutePolicy, so that nobody could pass".to_owned();
            problems.push(PolicyProblem { source: sources.join(", "), document: None, path: None, problem });
        }
        if problems.is_empty() { Ok(set) } else { Err(PolicyProblems(problems)) }
    }

    /// The policy of this name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&RoutePolicy> {
        self.policies.get(name)
    }

    /// Every policy, by name.
    pub fn policies(&self) -> impl Iterator<Item = &RoutePolicy> {
        self.policies.values()
    }

    /// Every issuer, by name.
    pub fn issuers(&self) -> impl Iterator<Item = (&str, &Issuer)> {
        self.issuers.iter().map(|(name, issuer)| (name.as_str(), issuer))
    }
}

fn insert<Spec, T>(
    into: &mut BTreeMap<String, T>,
    document: &Named<Spec>,
    compiled: Option<T>,
    problems: &mut Vec<PolicyProblem>,
) {
    let Some(compiled) = compiled else { return };
    if into.insert(document.name.clone(), compiled).is_some() {
        problems.push(document.problem("metadata.name", "another document of this kind has the same name"));
    }
}

fn compile_policy(
    document: &Named<RoutePolicySpec>,
    issuers: &[Named<TokenIssuerSpec>],
    problems: &mut Vec<PolicyProblem>,
) -> Option<RoutePolicy> {
    let (before, spec) = (problems.len(), &document.spec);
    if !issuers.iter().any(|issuer| issuer.name == spec.issuer) {
        let names: Vec<&str> = issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        problems.push(
            document.problem("spec.issuer", format!("there is no TokenIssuer '{}'; there is: {known}", spec.issuer)),
        );
    }
    if spec.upstream.name.is_empty() {
        problems.push(document.problem("spec.upstream.name", "is empty; it is what assertions to the service are for"));
    }
    if spec.allow.is_empty() {
        problems.push(document.problem("spec.allow", "is empty, so that nobody could pass; write at least one rule"));
    }
    let rules =
        spec.allow.iter().enumerate().map(|(index, rule)| compile_rule(document, index, rule, problems)).collect();
    let audiences = audiences(document, problems);
    let rate_limit = spec.rate_limit.as_ref().map(|limit| rate_limit(document, limit, problems));
    if problems.len() != before {
        return None;
    }
    Some(RoutePolicy {
        name: document.name.clone(),
        issuer: spec.issuer.clone(),
        audiences: audiences?,
        rate_limit,
        upstream: Upstream { name: spec.upstream.name.clone(), forward_token: spec.upstream.forward_token },
        rules,
    })
}

fn audiences(document: &Named<RoutePolicySpec>, problems: &mut Vec<PolicyProblem>) -> Option<Audiences> {
    let RoutePolicySpec { application, audiences, .. } = &document.spec;
    match (application.as_deref(), audiences.as_slice()) {
        (Some(""), []) => {
            problems.push(document.problem("spec.application", "is empty; give the API's application id"));
        }
        (Some(application), []) => return Some(Audiences::Application(application.to_owned())),
        (None, [_, ..]) if !audiences.iter().any(String::is_empty) => {
            return Some(Audiences::Exactly(audiences.clone()));
        }
        (None, [_, ..]) => problems.push(document.problem("spec.audiences", "holds an empty audience")),
        (None, []) => problems
            .push(document.problem("spec.application", "is missing; give the API's application id, or audiences")),
        (Some(_), _) => problems.push(document.problem("spec.audiences", "contradicts application; give one of them")),
    }
    None
}

/// A rule that asks nothing of a caller would let in everybody of the tenant, which is never what an empty list was meant to say.
fn compile_rule(
    document: &Named<RoutePolicySpec>,
    index: usize,
    spec: &RuleSpec,
    problems: &mut Vec<PolicyProblem>,
) -> Rule {
    let mut refuse =
        |field: &str, problem: &str| problems.push(document.problem(&format!("spec.allow[{index}]{field}"), problem));
    for (field, list) in [(".scopes", &spec.scopes), (".roles", &spec.roles), (".actors", &spec.actors)] {
        if list.iter().any(|item| item.trim().is_empty() || item.contains(' ')) {
            refuse(field, "holds an empty entry or one with a space, which no token can have");
        }
    }
    match spec.callers {
        Callers::Users if spec.scopes.is_empty() => {
            refuse(".scopes", "is missing; say which scope a client must have been granted");
        }
        Callers::Applications if !spec.scopes.is_empty() => {
            refuse(".scopes", "is for users: applications' tokens have roles, never scopes");
        }
        Callers::Applications if spec.roles.is_empty() => {
            refuse(".roles", "is missing; Entra issues tokens without roles to any application of the tenant");
        }
        _ => {}
    }
    let callers = match spec.callers {
        Callers::Users => CallerKind::User,
        Callers::Applications => CallerKind::Application,
    };
    Rule { callers, scopes: spec.scopes.clone(), roles: spec.roles.clone(), actors: spec.actors.clone() }
}

fn rate_limit(document: &Named<RoutePolicySpec>, spec: &RateLimitSpec, problems: &mut Vec<PolicyProblem>) -> RateLimit {
    if !(1..=MOST_REQUESTS).contains(&spec.requests) {
        problems.push(document.problem("spec.rateLimit.requests", format!("is not between 1 and {MOST_REQUESTS}")));
    }
    if !(Duration::from_secs(1)..=LONGEST_WINDOW).contains(&spec.per) {
        problems.push(document.problem("spec.rateLimit.per", "is not between 1s and 24h"));
    }
    RateLimit { requests: spec.requests, per: spec.per }
}

#[cfg(test)]
mod tests;
