//! Compiles typed documents into a set in which every name exists and every rule can be met.

mod rule;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis_token::{Audiences, normalize_guid};

use crate::deny_list::DenyList;
use crate::document::{Documents, Named};
use crate::entra_ids::{entra_id, entra_ids, in_entra_spelling, is_entra};
use crate::issuer::{Issuer, compile_issuer};
use crate::problem::{PolicyError, PolicyErrors};
use crate::route_policy::{AcceptedTokens, Binding, OnDenied, RateLimit, RoutePolicy, Upstream};
use crate::spec::{self, RateLimitSpec, RoutePolicySpec, TokenIssuerSpec, UpstreamSpec};
use rule::compile_rules;

/// Most requests of a rate limit. Bounded, because a window keeps the time of each request.
const MOST_REQUESTS: u32 = 100_000;
const LONGEST_WINDOW: Duration = Duration::from_hours(24);

/// A set of policies, checked and compiled as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    issuers: BTreeMap<String, Issuer>,
    policies: BTreeMap<String, RoutePolicy>,
    deny_list: Arc<DenyList>,
}

impl PolicySet {
    /// Compiles the documents of `files` (names and contents), or returns all policy errors.
    pub fn compile<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PolicyErrors> {
        Self::compile_beside(files, Vec::new())
    }

    /// Compiles like [`Self::compile`] if other files could not be read.
    ///
    /// `problems` has the errors of those files. They may hold documents that `files` refer to, so
    /// missing documents are no errors.
    pub fn compile_beside<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        mut problems: Vec<PolicyError>,
    ) -> Result<Self, PolicyErrors> {
        let mut documents = Documents {
            unread: !problems.is_empty(),
            ..Documents::default()
        };
        let mut sources = Vec::new();
        for (source, text) in files {
            documents.read(source, text, &mut problems);
            sources.push(source);
        }
        let set = compile_documents(&documents, &mut problems);
        if set.policies.is_empty() && problems.is_empty() {
            problems.push(PolicyError::of_file(
                sources.join(", "),
                "has no RoutePolicy, so no request could pass; add one",
            ));
        }
        // In the order of the files.
        problems.sort_by(|one, other| (&one.source, one.place).cmp(&(&other.source, other.place)));
        if problems.is_empty() {
            Ok(set)
        } else {
            Err(PolicyErrors(problems))
        }
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

    /// A `policy` of an earlier set, with the deny list of this set.
    #[must_use]
    pub fn with_deny_list(&self, policy: &RoutePolicy) -> RoutePolicy {
        RoutePolicy {
            deny_list: Arc::clone(&self.deny_list),
            ..policy.clone()
        }
    }

    /// Every issuer, by name.
    pub fn issuers(&self) -> impl Iterator<Item = (&str, &Issuer)> {
        self.issuers
            .iter()
            .map(|(name, issuer)| (name.as_str(), issuer))
    }
}

fn compile_documents(documents: &Documents, problems: &mut Vec<PolicyError>) -> PolicySet {
    documents.check_names(problems);
    // An issuer that could not be read may be another provider than Entra.
    let only_entra = !documents.unread && is_only_entra(&documents.issuers);
    let mut set = PolicySet::default();
    for issuer in &documents.issuers {
        if let Some(compiled) = own_problems(issuer, problems, |problems| {
            compile_issuer(issuer, problems)
        }) {
            set.issuers.insert(issuer.name.clone(), compiled);
        }
    }
    set.deny_list = deny_list(&documents.deny_lists, only_entra, problems);
    for policy in &documents.policies {
        let compile =
            |problems: &mut Vec<_>| compile_policy(policy, documents, &set.deny_list, problems);
        if let Some(compiled) = own_problems(policy, problems, compile) {
            set.policies.insert(policy.name.clone(), compiled);
        }
    }
    set
}

/// Compiles `document`, without the policy errors that follow from bad members.
fn own_problems<Spec, T>(
    document: &Named<Spec>,
    problems: &mut Vec<PolicyError>,
    compile: impl FnOnce(&mut Vec<PolicyError>) -> T,
) -> T {
    let mut found = Vec::new();
    let compiled = compile(&mut found);
    problems.extend(
        found
            .into_iter()
            .filter(|problem| !document.follows_from_bad_member(problem)),
    );
    compiled
}

fn is_only_entra(issuers: &[Named<TokenIssuerSpec>]) -> bool {
    !issuers.is_empty() && issuers.iter().all(|issuer| issuer.spec.entra.is_some())
}

fn deny_list(
    documents: &[Named<spec::DenyListSpec>],
    only_entra: bool,
    problems: &mut Vec<PolicyError>,
) -> Arc<DenyList> {
    let mut list = DenyList::default();
    for document in documents {
        own_problems(document, problems, |problems| {
            check_deny_list(document, only_entra, problems);
        });
        list.add(&document.spec);
    }
    Arc::new(list)
}

fn check_deny_list(
    document: &Named<spec::DenyListSpec>,
    only_entra: bool,
    problems: &mut Vec<PolicyError>,
) {
    let spec::DenyListSpec {
        callers,
        applications,
        sessions,
        tokens,
    } = &document.spec;
    for (path, ids, ids_of_callers) in [
        ("spec.callers", callers, true),
        ("spec.applications", applications, true),
        ("spec.sessions", sessions, false),
        ("spec.tokens", tokens, false),
    ] {
        if only_entra && ids_of_callers {
            entra_ids(document, path, ids, problems);
        } else {
            check_entries(document, path, ids, problems);
        }
    }
}

fn check_entries(
    document: &Named<spec::DenyListSpec>,
    path: &str,
    ids: &[String],
    problems: &mut Vec<PolicyError>,
) {
    let bad = |id: &str| (id.trim() != id || id.is_empty()) && normalize_guid(id).is_none();
    for (index, _) in ids.iter().enumerate().filter(|(_, id)| bad(id)) {
        let problem = "is empty or has spaces around it, so it can match nothing";
        problems.push(document.problem(&format!("{path}[{index}]"), problem));
    }
}

fn compile_policy(
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
    let on_denied = match spec.on_denied {
        spec::OnDenied::Forbidden => OnDenied::Forbidden,
        spec::OnDenied::Unauthorized => OnDenied::Unauthorized,
    };
    let UpstreamSpec {
        name,
        forward_token,
        assertion,
    } = &spec.upstream;
    let bind = match assertion.bind {
        spec::Bind::Request => Binding::Request,
        spec::Bind::Identity => Binding::Identity,
        spec::Bind::None => Binding::None,
    };
    let upstream = Upstream {
        name: name.clone(),
        forward_token: *forward_token,
        bind,
    };
    (problems.len() == before).then_some(RoutePolicy {
        name: document.name.clone(),
        tokens,
        on_denied,
        rate_limit,
        upstream,
        rules,
        deny_list: Arc::clone(deny_list),
    })
}

/// The tokens that a policy accepts.
///
/// A policy whose rules are all for anyone needs no issuer. With an issuer, a token that a request
/// has is verified all the same.
fn accepted_tokens(
    document: &Named<RoutePolicySpec>,
    Documents {
        issuers, unread, ..
    }: &Documents,
    problems: &mut Vec<PolicyError>,
) -> Option<AcceptedTokens> {
    let spec = &document.spec;
    let names_api = spec.application.is_some() || !spec.audiences.is_empty();
    let needs_tokens = names_api
        || spec
            .allow
            .iter()
            .any(|rule| rule.callers != spec::Callers::Anyone);
    let Some(issuer) = &spec.issuer else {
        if needs_tokens {
            problems.push(document.problem(
                "spec.issuer",
                "is missing; name the TokenIssuer whose tokens count",
            ));
        }
        return None;
    };
    if !unread && !issuers.iter().any(|other| other.name == *issuer) {
        let names: Vec<&str> = issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        let known = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        let problem = format!("there is no TokenIssuer '{issuer}'; there is: {known}");
        problems.push(document.problem("spec.issuer", problem));
    }
    Some(AcceptedTokens {
        issuer: issuer.clone(),
        audiences: audiences(document, is_entra(issuers, Some(issuer)), problems)?,
    })
}

fn audiences(
    document: &Named<RoutePolicySpec>,
    of_entra: bool,
    problems: &mut Vec<PolicyError>,
) -> Option<Audiences> {
    let RoutePolicySpec {
        application,
        audiences,
        ..
    } = &document.spec;
    match (application.as_deref(), audiences.as_slice()) {
        (Some(""), []) => {
            problems.push(document.problem(
                "spec.application",
                "is empty; give the API's application id",
            ));
        }
        (Some(application), []) if of_entra => {
            return Some(Audiences::Application(entra_id(
                document,
                "spec.application",
                application,
                problems,
            )));
        }
        (Some(application), []) => return Some(Audiences::Application(application.to_owned())),
        (None, [_, ..]) if !audiences.iter().any(String::is_empty) => {
            // Other audiences than the API's id are URIs, which are compared exactly.
            let spelled = |audience: &String| {
                if of_entra {
                    in_entra_spelling(audience)
                } else {
                    audience.clone()
                }
            };
            return Some(Audiences::Exactly(audiences.iter().map(spelled).collect()));
        }
        (None, [_, ..]) => {
            problems.push(document.problem("spec.audiences", "holds an empty audience"));
        }
        (None, []) => problems.push(document.problem(
            "spec.application",
            "is missing; give the API's application id, or audiences",
        )),
        (Some(_), _) => problems.push(document.problem(
            "spec.audiences",
            "contradicts application; give one of them",
        )),
    }
    None
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
