use portcullis_token::CallerKind;

use crate::document::Named;
use crate::entra_ids::normalize_rule;
use crate::problem::PolicyProblem;
use crate::required_claims::required_claims;
use crate::route_policy::{RoutePolicy, Rule};
use crate::spec::{Callers, RoutePolicySpec, RuleSpec};

/// Compiles the rules of a policy, for tokens of Entra or of another provider; what is wrong with
/// them goes to `problems`.
pub(super) fn compile_rules(
    document: &Named<RoutePolicySpec>,
    of_entra: bool,
    problems: &mut Vec<PolicyProblem>,
) -> Vec<Rule> {
    let rules = &document.spec.allow;
    if rules.is_empty() {
        problems.push(document.problem(
            "spec.allow",
            "is empty, so that nobody could pass; write at least one rule",
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
    problems: &mut Vec<PolicyProblem>,
) -> Rule {
    let mistakes = entry_mistakes(spec)
        .into_iter()
        .chain(mistake_of_kind(spec));
    problems.extend(
        mistakes.map(|(field, problem)| document.problem(&format!("{path}{field}"), problem)),
    );
    let callers = match spec.callers {
        Callers::Users => Some(CallerKind::User),
        Callers::Applications => Some(CallerKind::Application),
        Callers::Anyone => None,
    };
    Rule {
        callers,
        methods: spec.methods.clone(),
        scopes: spec.scopes.clone(),
        roles: spec.roles.clone(),
        all_roles: spec.all_roles.clone(),
        actors: spec.actors.clone(),
        claims: required_claims(document, &format!("{path}.claims"), &spec.claims, problems),
    }
}

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
    // RFC 9110 §9.1: methods are case-sensitive, so that `get` would be another method than GET,
    // which nobody sends.
    let is_method = |method: &String| {
        !method.is_empty()
            && method
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'-')
    };
    if !spec.methods.iter().all(is_method) {
        mistakes.push((
            ".methods",
            "holds something else than HTTP methods in upper case",
        ));
    }
    mistakes
}

/// A rule that asks nothing of a caller would let in everybody of the tenant, which is never what
/// an empty list was meant to say; whoever means everybody says `anyone`.
fn mistake_of_kind(spec: &RuleSpec) -> Option<Mistake> {
    let asks_of_token = !spec.actors.is_empty()
        || !spec.scopes.is_empty()
        || !spec.roles.is_empty()
        || !spec.all_roles.is_empty()
        || !spec.claims.is_empty();
    match spec.callers {
        Callers::Users if spec.scopes.is_empty() => Some((
            ".scopes",
            "is missing; say which scope a client must have been granted",
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
