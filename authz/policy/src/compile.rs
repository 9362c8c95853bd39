//! From typed documents to a set in which every name leads somewhere and every rule can be met.

mod rule;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis_token::Audiences;

use crate::deny_list::DenyList;
use crate::document::{Documents, Named};
use crate::issuer::{Issuer, compile_issuer};
use crate::problem::{PolicyProblem, PolicyProblems};
use crate::route_policy::{AcceptedTokens, Binding, OnDenied, RateLimit, RoutePolicy, Upstream};
use crate::spec::{self, RateLimitSpec, RoutePolicySpec, TokenIssuerSpec, UpstreamSpec};
use rule::compile_rules;

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
        let deny_list = deny_list(&documents.deny_lists, &mut problems);
        for policy in &documents.policies {
            let compiled = compile_policy(policy, &documents.issuers, &deny_list, &mut problems);
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

fn deny_list(documents: &[Named<spec::DenyListSpec>], problems: &mut Vec<PolicyProblem>) -> Arc<DenyList> {
    let mut list = DenyList::default();
    for document in documents {
        let spec::DenyListSpec { callers, applications, sessions, tokens } = &document.spec;
        for (field, ids) in [
            ("spec.callers", callers),
            ("spec.applications", applications),
            ("spec.sessions", sessions),
            ("spec.tokens", tokens),
        ] {
            if ids.iter().any(|id| id.trim() != id || id.is_empty()) {
                problems.push(
                    document.problem(field, "holds an empty entry or one with spaces around it, which blocks nobody"),
                );
            }
        }
        list.add(&document.spec);
    }
    Arc::new(list)
}

fn compile_policy(
    document: &Named<RoutePolicySpec>,
    issuers: &[Named<TokenIssuerSpec>],
    deny_list: &Arc<DenyList>,
    problems: &mut Vec<PolicyProblem>,
) -> Option<RoutePolicy> {
    let (before, spec) = (problems.len(), &document.spec);
    if spec.upstream.name.is_empty() {
        problems.push(document.problem("spec.upstream.name", "is empty; it is what assertions to the service are for"));
    }
    let rules = compile_rules(document, problems);
    let tokens = accepted_tokens(document, issuers, problems);
    let rate_limit = spec.rate_limit.as_ref().map(|limit| rate_limit(document, limit, problems));
    let on_denied = match spec.on_denied {
        spec::OnDenied::Forbidden => OnDenied::Forbidden,
        spec::OnDenied::Unauthorized => OnDenied::Unauthorized,
    };
    let UpstreamSpec { name, forward_token, assertion } = &spec.upstream;
    let bind = match assertion.bind {
        spec::Bind::Request => Binding::Request,
        spec::Bind::Identity => Binding::Identity,
        spec::Bind::None => Binding::None,
    };
    let upstream = Upstream { name: name.clone(), forward_token: *forward_token, bind };
    let (name, deny_list) = (document.name.clone(), Arc::clone(deny_list));
    (problems.len() == before).then_some(RoutePolicy {
        name,
        tokens,
        on_denied,
        rate_limit,
        upstream,
        rules,
        deny_list,
    })
}

/// What tokens a policy is for. It needs none if its rules are for anyone; with an issuer, a token that comes all the same is verified.
fn accepted_tokens(
    document: &Named<RoutePolicySpec>,
    issuers: &[Named<TokenIssuerSpec>],
    problems: &mut Vec<PolicyProblem>,
) -> Option<AcceptedTokens> {
    let spec = &document.spec;
    let names_api = spec.application.is_some() || !spec.audiences.is_empty();
    let needs_tokens = names_api || spec.allow.iter().any(|rule| rule.callers != spec::Callers::Anyone);
    let Some(issuer) = &spec.issuer else {
        if needs_tokens {
            problems.push(document.problem("spec.issuer", "is missing; name the TokenIssuer whose tokens count"));
        }
        return None;
    };
    if !issuers.iter().any(|known| known.name == *issuer) {
        let names: Vec<&str> = issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let problem = format!("there is no TokenIssuer '{issuer}'; there is: {known}");
        problems.push(document.problem("spec.issuer", problem));
    }
    Some(AcceptedTokens { issuer: issuer.clone(), audiences: audiences(document, problems)? })
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

fn rate_limit(document: &Named<RoutePolicySpec>, spec: &RateLimitSpec, problems: &mut Vec<PolicyProblem>) -> RateLimit {
    if !(1..=MOST_REQUESTS).contains(&spec.requests) {
        problems.push(document.problem("spec.rateLimit.requests", format!("is not between 1 and {MOST_REQUESTS}")));
    }
    if !(Duration::from_secs(1)..=LONGEST_WINDOW).contains(&spec.per) {
        problems.push(document.problem("spec.rateLimit.per", "is not between 1s and 24h"));
    }
    RateLimit { requests: spec.requests, per: spec.per }
}
