use portcullis_token::{Audiences, Caller, CallerKind, Claims, Verified};
use serde_json::{Value, json};

use super::PolicySet;
use crate::{Asked, Decision, DenialReason, OnDenied, RoutePolicy};

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

fn caller(kind: CallerKind, roles: &[&str], scopes: &[&str]) -> Verified {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let actor = Some("client-id".to_owned());
    let (tenant, object_id) = ("t".to_owned(), "o".to_owned());
    let caller =
        Caller { tenant, object_id, kind, actor, name: None, email: None, roles: owned(roles), scopes: owned(scopes) };
    Verified { caller, claims: Claims::default(), valid: 0..u64::MAX, key_epoch: 0 }
}

fn claiming(verified: Verified, claims: Value) -> Verified {
    let Value::Object(claims) = claims else { panic!("claims are an object") };
    Verified { claims: Claims::from(claims), ..verified }
}

fn judge(policy: &RoutePolicy, caller: Option<&Verified>, method: &str) -> Result<usize, DenialReason> {
    match policy.decide(&Asked { caller, method }) {
        Decision::Allow { rule } => Ok(rule),
        Decision::Deny(denial) => Err(denial.reason),
    }
}

#[test]
fn a_good_document_becomes_a_policy() {
    let set = compile(GOOD).unwrap();
    let policy = set.policy("tasks").unwrap();
    let tokens = policy.tokens.as_ref().unwrap();
    assert_eq!(
        (tokens.issuer.as_str(), &tokens.audiences),
        ("entra", &Audiences::Application("task-api-id".to_owned()))
    );
    assert_eq!(policy.on_denied, OnDenied::Forbidden);
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
    let mut stranger = caller(application, &["Tasks.Read"], &[]);
    stranger.caller.actor = Some("other".to_owned());
    for (caller, expected) in [
        (caller(user, &[], &["other", "access_as_user"]), Ok(0)),
        (caller(application, &["Tasks.Write"], &[]), Ok(1)),
        (caller(user, &["Tasks.Read"], &["other"]), Err(DenialReason::ScopeMissing)),
        (caller(user, &["Tasks.Read"], &[]), Err(DenialReason::ScopeMissing)),
        (caller(application, &["tasks.read"], &[]), Err(DenialReason::RoleMissing)),
        (caller(application, &[], &["access_as_user"]), Err(DenialReason::RoleMissing)),
        (stranger, Err(DenialReason::ActorNotAllowed)),
    ] {
        assert_eq!(judge(policy, Some(&caller), "GET"), expected, "{caller:?}");
    }
}

#[test]
fn a_rule_can_ask_for_methods_all_roles_and_claims() {
    let rules = "
    - callers: users
      methods: [GET, HEAD]
      scopes: [access_as_user]
    - callers: users
      scopes: [access_as_user]
      roles: [Editor, Admin]
      allRoles: [Staff, Trained]
      claims: {acr: ['2'], level: [1, 2]}
  onDenied: unauthorized";
    let start = GOOD.find("\n    - callers: users").unwrap();
    let end = GOOD.find("\n  rateLimit").unwrap();
    let set = compile(&format!("{}{rules}{}", &GOOD[..start], &GOOD[end..])).unwrap();
    let policy = set.policy("tasks").unwrap();
    assert_eq!(policy.on_denied, OnDenied::Unauthorized);
    let user = |roles| caller(CallerKind::User, roles, &["access_as_user"]);
    let full = &["Editor", "Staff", "Trained"][..];
    for (caller, method, expected) in [
        (user(&[]), "GET", Ok(0)),
        (user(&[]), "HEAD", Ok(0)),
        (user(&[]), "get", Err(DenialReason::RoleMissing)),
        (claiming(user(full), json!({"acr": "2", "level": 1})), "POST", Ok(1)),
        (user(&["Staff", "Trained"]), "POST", Err(DenialReason::RoleMissing)),
        (user(&["Admin", "Staff"]), "POST", Err(DenialReason::RoleMissing)),
        (claiming(user(full), json!({"acr": "1", "level": 1})), "POST", Err(DenialReason::ClaimNotAllowed)),
        (claiming(user(full), json!({"acr": "2"})), "POST", Err(DenialReason::ClaimNotAllowed)),
        (caller(CallerKind::Application, full, &[]), "POST", Err(DenialReason::CallerKindNotAllowed)),
    ] {
        assert_eq!(judge(policy, Some(&caller), method), expected, "{method} {caller:?}");
    }
}

#[test]
fn anyone_needs_no_token_and_no_issuer() {
    let public = "
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: public}
spec:
  allow: [{callers: anyone, methods: [GET]}]
  upstream: {name: web}
";
    let set = compile(public).unwrap();
    let policy = set.policy("public").unwrap();
    assert!(policy.tokens.is_none() && policy.is_for_anyone());
    assert_eq!(judge(policy, None, "GET"), Ok(0));
    assert_eq!(judge(policy, None, "POST"), Err(DenialReason::MethodNotAllowed));

    // Everybody may read, users may write.
    let optional = GOOD.replace("\n  rateLimit", "\n    - {callers: anyone, methods: [GET]}\n  rateLimit");
    let set = compile(&optional).unwrap();
    let policy = set.policy("tasks").unwrap();
    assert!(policy.tokens.is_some() && policy.is_for_anyone());
    let (member, guest) = (caller(CallerKind::User, &[], &["access_as_user"]), caller(CallerKind::User, &[], &[]));
    for (caller, method, expected) in [
        (None, "GET", Ok(2)),
        (Some(&guest), "GET", Ok(2)),
        (Some(&member), "GET", Ok(0)),
        (Some(&member), "POST", Ok(0)),
        (None, "POST", Err(DenialReason::CallerKindNotAllowed)),
        (Some(&guest), "POST", Err(DenialReason::ScopeMissing)),
    ] {
        assert_eq!(judge(policy, caller, method), expected, "{method} {caller:?}");
    }
}

#[test]
fn the_deny_list_stands_above_every_rule() {
    let list = "
---
apiVersion: portcullis.dev/v1alpha1
kind: DenyList
metadata: {name: incident}
spec: {callers: [bad-user], applications: [bad-client], sessions: [bad-session], tokens: [bad-token]}
";
    let public = GOOD.replace("\n  rateLimit", "\n    - {callers: anyone}\n  rateLimit");
    let set = compile(&format!("{public}{list}")).unwrap();
    let policy = set.policy("tasks").unwrap();
    let good = || caller(CallerKind::User, &[], &["access_as_user"]);
    let (mut user, mut client) = (good(), good());
    user.caller.object_id = "bad-user".to_owned();
    client.caller.actor = Some("bad-client".to_owned());
    for (caller, expected) in [
        (good(), Ok(0)),
        (claiming(good(), json!({"sid": "other", "jti": "other", "uti": 7})), Ok(0)),
        (user, Err(DenialReason::CallerBlocked)),
        (client, Err(DenialReason::CallerBlocked)),
        (claiming(good(), json!({"sid": "bad-session"})), Err(DenialReason::TokenRevoked)),
        (claiming(good(), json!({"jti": "bad-token"})), Err(DenialReason::TokenRevoked)),
        (claiming(good(), json!({"uti": "bad-token"})), Err(DenialReason::TokenRevoked)),
    ] {
        assert_eq!(judge(policy, Some(&caller), "GET"), expected, "{caller:?}");
    }
}

#[test]
fn an_explanation_says_of_each_rule_what_it_needed_and_what_came() {
    let set = compile(GOOD).unwrap();
    let guest = caller(CallerKind::User, &["Reader"], &["other"]);
    let explained = set.policy("tasks").unwrap().explain(&Asked { caller: Some(&guest), method: "GET" });
    let lines: Vec<Vec<String>> = explained
        .iter()
        .map(|rule| {
            let line = |item: &crate::Explained| {
                format!("{} {}: {} / {}", item.met, item.requirement.field(), item.needed, item.had)
            };
            rule.iter().map(line).collect()
        })
        .collect();
    assert_eq!(lines[0], ["true callers: users / users", "false scopes: access_as_user / other"]);
    let application = [
        "false callers: applications / users",
        "false actors: client-id / client-id",
        "false roles: Tasks.Read or Tasks.Write / Reader",
    ];
    assert_eq!(lines[1][0], application[0]);
    assert_eq!(lines[1][2], application[2]);
}

#[test]
fn each_mistake_is_named_with_document_and_field() {
    for (good, bad, expected) in [
        ("metadata: {name: tasks}", "metadata: {name: tasks}\nspecs: 1", "RoutePolicy tasks: specs: unknown field"),
        ("  issuer: entra", "  isuer: entra", "RoutePolicy tasks: spec.isuer: unknown field `isuer`"),
        ("  issuer: entra", "  isuer: entra", "did you mean issuer?"),
        ("  issuer: entra\n", "", "RoutePolicy tasks: spec.issuer: is missing; name the TokenIssuer"),
        ("callers: users", "callers: anyone", "spec.allow[0].callers: is anyone, who may have no token"),
        ("callers: users", "methods: [get]\n      callers: users", "spec.allow[0].methods: holds something else"),
        ("callers: users", "claims: {acr: []}\n      callers: users", "spec.allow[0].claims.acr: has no value"),
        ("callers: users", "claims: {email: [a]}\n      callers: users", "claims.email: is for people to read"),
        ("callers: users", "claims: {acr: [1.5]}\n      callers: users", "neither a text, a whole number"),
        ("callers: users", "allRoles: ['']\n      callers: users", "spec.allow[0].allRoles: holds an empty entry"),
        ("  upstream", "  onDenied: forbiden\n  upstream", "did you mean forbidden?"),
        (
            "kind: RoutePolicy\nmetadata: {name: tasks}\nspec:",
            "kind: DenyList\nmetadata: {name: d}\nspec: {callers: [' x']}\n---\napiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\nmetadata: {name: tasks}\nspec:",
            "DenyList d: spec.callers: holds an empty entry or one with spaces",
        ),
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
            "document 2: kind: is none of TokenIssuer, RoutePolicy, DenyList; did you mean RoutePolicy?",
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
