use crate::document::Named;
use crate::entra_ids::normalize_rule;
use crate::problem::PolicyError;
use crate::required_claims::required_claims;
use crate::route_policy::RoutePolicy;
use crate::rule::Rule;
use crate::spec::{Callers, RoutePolicySpec, RuleSpec};

/// Compiles the rules of a policy, and adds their policy errors to `problems`.
///
/// `of_entra` says whether the policy's tokens are Entra's.
pub(super) fn compile_rules(
    document: &Named<RoutePolicySpec>,
    of_entra: bool,
    problems: &mut Vec<PolicyError>,
) -> Vec<Rule> {
    let rules = &document.spec.allow;
    if rules.is_empty() {
        problems.push(document.problem(
            "spec.allow",
            "is empty, so no request could pass; write at least one rule",
        ));
    }
    if rules.len() > RoutePolicy::MOST_RULES {
        let problem = format!(
            "has more than {} rules; a rule can list several roles",
            RoutePolicy::MOST_RULES
        );
        problems.push(document.problem("spec.allow", problem));
    }
    let compile = |(index, rule)| {
        let path = format!("spec.allow[{index}]");
        if of_entra {
            let rule = normalize_rule(document, &path, rule, problems);
            compile_rule(document, &path, &rule, problems)
        } else {
            compile_rule(document, &path, rule, problems)
        }
    };
    rules.iter().enumerate().map(compile).collect()
}

fn compile_rule(
    document: &Named<RoutePolicySpec>,
    path: &str,
    spec: &RuleSpec,
    problems: &mut Vec<PolicyError>,
) -> Rule {
    let mistakes = entry_mistakes(spec)
        .into_iter()
        .chain(mistake_of_kind(spec));
    problems.extend(
        mistakes.map(|(field, problem)| document.problem(&format!("{path}{field}"), problem)),
    );
    Rule {
        callers: spec.callers.kind(),
        methods: spec.methods.clone(),
        scopes: spec.scopes.clone(),
        roles: spec.roles.clone(),
        all_roles: spec.all_roles.clone(),
        actors: spec.actors.clone(),
        claims: required_claims(document, &format!("{path}.claims"), &spec.claims, problems),
    }
}

/// A field of the rule, and the text of its policy error.
type Mistake = (&'static str, &'static str);

fn entry_mistakes(spec: &RuleSpec) -> Vec<Mistake> {
    let lists = [
        (".scopes", &spec.scopes),
        (".roles", &spec.roles),
        (".allRoles", &spec.all_roles),
        (".actors", &spec.actors),
    ];
    let bad = |list: &&Vec<String>| {
        list.iter()
            .any(|item| item.trim().is_empty() || item.contains(' '))
    };
    let problem = "holds an empty entry or one with a space, which no token can have";
    let mut mistakes: Vec<Mistake> = lists
        .into_iter()
        .filter(|(_, list)| bad(list))
        .map(|(field, _)| (field, problem))
        .collect();
    // RFC 9110 §9.1: methods are case-sensitive, so `get` would be another method than GET, which
    // no client sends.
    let is_method = |method: &String| {
        !method.is_empty()
            && method
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'-')
    };
    if !spec.methods.iter().all(is_method) {
        mistakes.push((
            ".methods",
            "holds something else than HTTP methods; write them in upper case",
        ));
    }
    mistakes
}

/// The mistake of a rule whose requirements do not fit its kind of caller.
///
/// A rule without requirements would allow every caller of the tenant, and no empty list is meant
/// to say that. The kind `anyone` says it explicitly.
fn mistake_of_kind(spec: &RuleSpec) -> Option<Mistake> {
    let asks_of_token = !spec.actors.is_empty()
        || !spec.scopes.is_empty()
        || !spec.roles.is_empty()
        || !spec.all_roles.is_empty()
        || !spec.claims.is_empty();
    match spec.callers {
        Callers::Users if spec.scopes.is_empty() => Some((
            ".scopes",
            "is missing; list the scopes of which the token must have one",
        )),
        Callers::Applications if !spec.scopes.is_empty() => Some((
            ".scopes",
            "is for users: applications' tokens have roles, never scopes",
        )),
        Callers::Applications if spec.roles.is_empty() && spec.all_roles.is_empty() => Some((
            ".roles",
            "is missing; Entra issues tokens without roles to any application of the tenant",
        )),
        Callers::Anyone if asks_of_token => Some((
            ".callers",
            "is anyone, who may have no token; such a rule can list methods only",
        )),
        _ => None,
    }
}
