use std::sync::Arc;
use std::time::Duration;

use super::accepted_tokens::accepted_tokens;
use super::rule::compile_rules;
use crate::deny_list::DenyList;
use crate::document::{Documents, Named};
use crate::entra_ids::is_entra;
use crate::problem::PolicyError;
use crate::route_policy::{RateLimit, RoutePolicy, Upstream};
use crate::spec::{RateLimitSpec, RoutePolicySpec};

/// Most requests of a rate limit. Bounded, because a window keeps the time of each request.
const MOST_REQUESTS: u32 = 100_000;
const LONGEST_WINDOW: Duration = Duration::from_hours(24);

/// Compiles a policy, or adds its policy errors to `problems`.
pub(super) fn compile_policy(
    document: &Named<RoutePolicySpec>,
    documents: &Documents,
    deny_list: &Arc<DenyList>,
    problems: &mut Vec<PolicyError>,
) -> Option<RoutePolicy> {
    let before = problems.len();
    let spec = &document.spec;
    if spec.upstream.name.is_empty() {
        problems.push(document.problem(
            "spec.upstream.name",
            "is empty; give the audience of assertions to the service",
        ));
    }
    let rules = compile_rules(
        document,
        is_entra(&documents.issuers, spec.issuer.as_deref()),
        problems,
    );
    let tokens = accepted_tokens(document, documents, problems);
    let rate_limit = spec
        .rate_limit
        .as_ref()
        .map(|limit| rate_limit(document, limit, problems));
    let upstream = Upstream {
        name: spec.upstream.name.clone(),
        forward_token: spec.upstream.forward_token,
        bind: spec.upstream.assertion.bind,
    };
    (problems.len() == before).then_some(RoutePolicy {
        name: document.name.clone(),
        tokens,
        on_denied: spec.on_denied,
        rate_limit,
        upstream,
        rules,
        deny_list: Arc::clone(deny_list),
    })
}

fn rate_limit(
    document: &Named<RoutePolicySpec>,
    spec: &RateLimitSpec,
    problems: &mut Vec<PolicyError>,
) -> RateLimit {
    if !(1..=MOST_REQUESTS).contains(&spec.requests) {
        problems.push(document.problem(
            "spec.rateLimit.requests",
            format!("is not between 1 and {MOST_REQUESTS}"),
        ));
    }
    if !(Duration::from_secs(1)..=LONGEST_WINDOW).contains(&spec.per) {
        problems.push(document.problem("spec.rateLimit.per", "is not between 1s and 24h"));
    }
    RateLimit {
        requests: spec.requests,
        per: spec.per,
    }
}
