use portcullis_token::{Audiences, Caller, CallerKind};

use super::PolicySet;
use crate::{Decision, DenialReason};

const GOOD: &str = "
apiVersion: portcullis.dev/v1alpha1
kind: TokenIssuer
metadata: {name: entra, labels: {team: a}}
spec:
  entra: {tenants: [11111111-1111-4111-8111-111111111111]}
---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: tasks}
spec:
  issuer: entra
  application: task-api-id
  allow:
    - callers: users
      scopes: [access_as_user]
    - callers: applications
      roles: [Tasks.Read, Tasks.Write]
      actors: [client-id]
  rateLimit: {requests: 100, per: 60s}
  upstream: {name: task-api, forwardToken: true}
";

fn compile(text: &str) -> Result<PolicySet, String> {
    PolicySet::compile([("policy.yaml", text)]).map_err(|problems| problems.to_string())
}

fn caller(kind: CallerKind, roles: &[&str], scopes: &[&str]) -> Caller {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let actor = Some("client-id".to_owned());
    let (tenant, object_id) = ("t".to_owned(), "o".to_owned());
    Caller { tenant, object_id, kind, actor, name: None, email: None, roles: owned(roles), scopes: owned(scopes) }
}

#[test]
fn a_good_document_becomes_a_policy() {
    let set = compile(GOOD).unwrap();
    let policy = set.policy("tasks").unwrap();
    assert_eq!(policy.audiences, Audiences::Application("task-api-id".to_owned()));
    assert_eq!(policy.rate_limit.map(|limit| (limit.requests, limit.per.as_secs())), Some((100, 60)));
    assert!(policy.upstream.forward_token && set.policy("Tasks").is_none() && set.issuers().count() == 1);
}

#[test]
fn any_openid_connect_provider_can_be_an_issuer() {
    let oidc = "oidc: {issuer: 'https://id.example', algorithms: [ES256], claims: {roles: realm_access.roles}}";
    let set = compile(&GOOD.replace("entra: {tenants: [11111111-1111-4111-8111-111111111111]}", oidc)).unwrap();
    let (_, issuer) = set.issuers().next().unwrap();
    assert!(matches!(issuer.provider, crate::Provider::Oidc(_)));
}

#[test]
fn rules_allow_and_the_nearest_miss_says_why_not() {
    let set = compile(GOOD).unwrap();
    let policy = set.policy("tasks").unwrap();
    let (user, application) = (CallerKind::User, CallerKind::Application);
    let stranger = Caller { actor: Some("other".to_owned()), ..caller(application, &["Tasks.Read"], &[]) };
    for (caller, expected) in [
        (caller(user, &[], &["other", "access_as_user"]), Ok(0)),
        (caller(application, &["Tasks.Write"], &[]), Ok(1)),
        (caller(user, &["Tasks.Read"], &["other"]), Err(DenialReason::ScopeMissing)),
        (caller(user, &["Tasks.Read"], &[]), Err(DenialReason::ScopeMissing)),
        (caller(application, &["tasks.read"], &[]), Err(DenialReason::RoleMissing)),
        (caller(application, &[], &["access_as_user"]), Err(DenialReason::RoleMissing)),
        (stranger, Err(DenialReason::ActorNotAllowed)),
    ] {
        let decision = match policy.decide(&caller) {
            Decision::Allow { rule } => Ok(rule),
            Decision::Deny(denial) => Err(denial.reason),
        };
        assert_eq!(decision, expected, "{caller:?}");
    }
}

#[test]
fn each_mistake_is_named_with_document_and_field() {
    for (good, bad, expected) in [
        ("metadata: {name: tasks}", "metadata: {name: tasks}\nspecs: 1", "RoutePolicy tasks: specs: unknown field"),
        ("  issuer: entra", "  isuer: entra", "RoutePolicy tasks: spec.isuer: unknown field `isuer`"),
        ("  issuer: entra", "  isuer: entra", "did you mean issuer?"),
        ("  issuer: entra\n", "", "RoutePolicy tasks: spec: missing field `issuer`"),
        ("  issuer: entra", "  issuer: okta", "spec.issuer: there is no TokenIssuer 'okta'; there is: entra"),
        ("callers: users", "callers: user", "did you mean users?"),
        ("callers: users\n      scopes: [access_as_user]", "callers: users", "spec.allow[0].scopes: is missing"),
        ("scopes: [access_as_user]", "scopes: access_as_user", "spec.allow[0].scopes: invalid type"),
        ("scopes: [access_as_user]", "scopes: ['']", "spec.allow[0].scopes: holds an empty entry"),
        ("roles: [Tasks.Read, Tasks.Write]", "roles: []", "spec.allow[1].roles: is missing"),
        ("roles: [Tasks.Read, Tasks.Write]", "scopes: [x]", "spec.allow[1].scopes: is for users"),
        ("per: 60s", "per: 60", "spec.rateLimit.per: "),
        ("per: 60s", "per: soon", "'soon' is not a time such as 60s"),
        ("per: 60s", "per: 25h", "is not between 1s and 24h"),
        ("requests: 100", "requests: 0", "spec.rateLimit.requests: is not between 1 and"),
        ("requests: 100", "requests: -1", "spec.rateLimit.requests: "),
        ("application: task-api-id", "application: ''", "spec.application: is empty"),
        ("application: task-api-id", "audiences: []", "spec.application: is missing"),
        ("application: task-api-id", "application: a\n  audiences: [b]", "spec.audiences: contradicts application"),
        (
            "tenants: [11111111-1111-4111-8111-111111111111]",
            "tenants: [contoso.example]",
            "TokenIssuer entra: spec.entra.tenants: 'contoso.example'",
        ),
        (
            "tenants: [11111111-1111-4111-8111-111111111111]",
            "anyTenant: true, authority: 'http://x'",
            "spec.entra.authority: 'http://x' is not https",
        ),
        (
            "kind: RoutePolicy",
            "kind: RoutePolice",
            "document 2: kind: is neither TokenIssuer nor RoutePolicy; did you mean RoutePolicy?",
        ),
        (
            "portcullis.dev/v1alpha1",
            "portcullis.dev/v1",
            "apiVersion: 'portcullis.dev/v1' is not supported; write portcullis.dev/v1alpha1",
        ),
        ("issuer: entra", "issuer: [", "policy.yaml: is not YAML: "),
        ("issuer: entra", "issuer: entra\n  issuer: entra", "policy.yaml: is not YAML: "),
        ("{name: task-api, forwardToken: true}", "{name: ''}", "spec.upstream.name: is empty"),
    ] {
        let text = GOOD.replace(good, bad);
        let problems = compile(&text).unwrap_err();
        assert!(problems.contains(expected), "{bad}:\n{problems}");
        assert!(problems.starts_with("policy.yaml: "), "{problems}");
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = GOOD
        .replace("issuer: entra", "isuer: entra")
        .replace("callers: users", "callers: everyone")
        .replace("requests: 100", "requests: many")
        .replace("tenants:", "tenant:");
    let problems = compile(&text).unwrap_err();
    for part in ["spec.isuer", "spec.allow[0].callers", "spec.rateLimit.requests", "spec.entra.tenant"] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
}

#[test]
fn names_are_unique_and_a_set_has_policies() {
    let problems = compile(&format!("{GOOD}---{GOOD}")).unwrap_err();
    assert!(problems.contains("RoutePolicy tasks: metadata.name: another document"), "{problems}");
    assert!(compile("").unwrap_err().contains("has no RoutePolicy"));
}
