use portcullis_token::{Audiences, Caller, CallerKind, Claims, Verified};
use serde_json::{Value, json};

use super::PolicySet;
use crate::{AccessRequest, Decision, DenialReason, OnDenied, RoutePolicy};

const API: &str = "3a5c0001-0000-4000-8000-000000000001";
const CLIENT: &str = "3a5c0004-0000-4000-8000-000000000004";
const BAD_USER: &str = "aaaaaaaa-0bad-4000-8000-00000000000a";
const BAD_CLIENT: &str = "3a5c0bad-0000-4000-8000-00000000000c";

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
  application: 3a5c0001-0000-4000-8000-000000000001
  allow:
    - callers: users
      scopes: [access_as_user]
    - callers: applications
      roles: [Tasks.Read, Tasks.Write]
      actors: [3a5c0004-0000-4000-8000-000000000004]
  rateLimit: {requests: 100, per: 60s}
  upstream: {name: task-api, forwardToken: true}
";

fn compile(text: &str) -> Result<PolicySet, String> {
    PolicySet::compile([("policy.yaml", text)]).map_err(|problems| problems.to_string())
}

fn caller(kind: CallerKind, roles: &[&str], scopes: &[&str]) -> Verified {
    let owned = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let actor = Some(CLIENT.to_owned());
    let caller = Caller {
        tenant: "t".to_owned(),
        object_id: "o".to_owned(),
        kind,
        actor,
        name: None,
        email: None,
        roles: owned(roles),
        scopes: owned(scopes),
    };
    Verified {
        caller,
        claims: Claims::default(),
        valid: 0..u64::MAX,
        key_epoch: 0,
    }
}

fn claiming(verified: Verified, claims: Value) -> Verified {
    let Value::Object(claims) = claims else {
        panic!("claims are an object")
    };
    Verified {
        claims: Claims::from(claims),
        ..verified
    }
}

fn decide(
    policy: &RoutePolicy,
    caller: Option<&Verified>,
    method: &str,
) -> Result<usize, DenialReason> {
    match policy.decide(&AccessRequest { caller, method }) {
        Decision::Allow { rule, .. } => Ok(rule),
        Decision::Deny(denial) => Err(denial.reason),
    }
}

#[test]
fn good_document_becomes_a_policy() {
    let set = compile(GOOD).unwrap();
    let policy = set.policy("tasks").unwrap();
    let tokens = policy.tokens.as_ref().unwrap();
    assert_eq!(
        (tokens.issuer.as_str(), &tokens.audiences),
        ("entra", &Audiences::Application(API.to_owned()))
    );
    assert_eq!(policy.on_denied, OnDenied::Forbidden);
    assert_eq!(
        policy
            .rate_limit
            .map(|limit| (limit.requests, limit.per.as_secs())),
        Some((100, 60))
    );
    assert!(
        policy.upstream.forward_token
            && set.policy("Tasks").is_none()
            && set.issuers().count() == 1
    );
}

#[test]
fn any_openid_connect_provider_can_be_an_issuer() {
    let oidc = "oidc: {issuer: 'https://id.example', algorithms: [ES256], \
                claims: {roles: realm_access.roles}}";
    let set = compile(&GOOD.replace(
        "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
        oidc,
    ))
    .unwrap();
    let (_, issuer) = set.issuers().next().unwrap();
    assert!(matches!(issuer.provider, crate::Provider::Oidc(_)));
}

#[test]
fn rules_allow_and_the_nearest_miss_says_why_not() {
    let set = compile(GOOD).unwrap();
    let policy = set.policy("tasks").unwrap();
    let user = CallerKind::User;
    let application = CallerKind::Application;
    let mut other_actor = caller(application, &["Tasks.Read"], &[]);
    other_actor.caller.actor = Some("other".to_owned());
    for (caller, expected) in [
        (caller(user, &[], &["other", "access_as_user"]), Ok(0)),
        (caller(application, &["Tasks.Write"], &[]), Ok(1)),
        (
            caller(user, &["Tasks.Read"], &["other"]),
            Err(DenialReason::ScopeMissing),
        ),
        (
            caller(user, &["Tasks.Read"], &[]),
            Err(DenialReason::ScopeMissing),
        ),
        (
            caller(application, &["tasks.read"], &[]),
            Err(DenialReason::RoleMissing),
        ),
        (
            caller(application, &[], &["access_as_user"]),
            Err(DenialReason::RoleMissing),
        ),
        (other_actor, Err(DenialReason::ActorNotAllowed)),
    ] {
        assert_eq!(decide(policy, Some(&caller), "GET"), expected, "{caller:?}");
    }
}

#[test]
fn rule_can_require_methods_all_roles_and_claims() {
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
        (
            claiming(user(full), json!({"acr": "2", "level": 1})),
            "POST",
            Ok(1),
        ),
        (
            user(&["Staff", "Trained"]),
            "POST",
            Err(DenialReason::RoleMissing),
        ),
        (
            user(&["Admin", "Staff"]),
            "POST",
            Err(DenialReason::RoleMissing),
        ),
        (
            claiming(user(full), json!({"acr": "1", "level": 1})),
            "POST",
            Err(DenialReason::ClaimNotAllowed),
        ),
        (
            claiming(user(full), json!({"acr": "2"})),
            "POST",
            Err(DenialReason::ClaimNotAllowed),
        ),
        (
            caller(CallerKind::Application, full, &[]),
            "POST",
            Err(DenialReason::CallerKindNotAllowed),
        ),
    ] {
        assert_eq!(
            decide(policy, Some(&caller), method),
            expected,
            "{method} {caller:?}"
        );
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
    assert_eq!(decide(policy, None, "GET"), Ok(0));
    assert_eq!(
        decide(policy, None, "POST"),
        Err(DenialReason::MethodNotAllowed)
    );

    // Anyone may read, users may write.
    let optional = GOOD.replace(
        "\n  rateLimit",
        "\n    - {callers: anyone, methods: [GET]}\n  rateLimit",
    );
    let set = compile(&optional).unwrap();
    let policy = set.policy("tasks").unwrap();
    assert!(policy.tokens.is_some() && policy.is_for_anyone());
    let member = caller(CallerKind::User, &[], &["access_as_user"]);
    let guest = caller(CallerKind::User, &[], &[]);
    for (caller, method, expected) in [
        (None, "GET", Ok(2)),
        (Some(&guest), "GET", Ok(2)),
        (Some(&member), "GET", Ok(0)),
        (Some(&member), "POST", Ok(0)),
        (None, "POST", Err(DenialReason::CallerKindNotAllowed)),
        (Some(&guest), "POST", Err(DenialReason::ScopeMissing)),
    ] {
        assert_eq!(
            decide(policy, caller, method),
            expected,
            "{method} {caller:?}"
        );
    }
}

#[test]
fn deny_list_overrides_every_rule() {
    let list = "
---
apiVersion: portcullis.dev/v1alpha1
kind: DenyList
metadata: {name: incident}
spec:
  callers: [aaaaaaaa-0bad-4000-8000-00000000000a]
  applications: [3a5c0bad-0000-4000-8000-00000000000c]
  sessions: [bad-session]
  tokens: [bad-token]
";
    let public = GOOD.replace("\n  rateLimit", "\n    - {callers: anyone}\n  rateLimit");
    let set = compile(&format!("{public}{list}")).unwrap();
    let policy = set.policy("tasks").unwrap();
    let good = || caller(CallerKind::User, &[], &["access_as_user"]);
    let mut user = good();
    let mut client = good();
    user.caller.object_id = BAD_USER.to_owned();
    client.caller.actor = Some(BAD_CLIENT.to_owned());
    for (caller, expected) in [
        (good(), Ok(0)),
        (
            claiming(good(), json!({"sid": "other", "jti": "other", "uti": 7})),
            Ok(0),
        ),
        (user, Err(DenialReason::CallerBlocked)),
        (client, Err(DenialReason::CallerBlocked)),
        (
            claiming(good(), json!({"sid": "bad-session"})),
            Err(DenialReason::TokenRevoked),
        ),
        (
            claiming(good(), json!({"jti": "bad-token"})),
            Err(DenialReason::TokenRevoked),
        ),
        (
            claiming(good(), json!({"uti": "bad-token"})),
            Err(DenialReason::TokenRevoked),
        ),
    ] {
        assert_eq!(decide(policy, Some(&caller), "GET"), expected, "{caller:?}");
    }
}

/// [`GOOD`] with a deny list, and with a second issuer if `mixed`.
fn with_deny_list(spec: &str, mixed: bool) -> String {
    let header = "\n---\napiVersion: portcullis.dev/v1alpha1\nkind: ";
    let other =
        "TokenIssuer\nmetadata: {name: keycloak}\nspec: {oidc: {issuer: 'https://id.example'}}";
    let other = if mixed {
        format!("{header}{other}")
    } else {
        String::new()
    };
    format!("{GOOD}{other}{header}DenyList\nmetadata: {{name: d}}\nspec: {spec}\n")
}

#[test]
fn deny_list_matches_an_id_in_every_spelling() {
    let upper = |id: &str| id.to_uppercase();
    let session = "00b1c9a2-7e5d-4c1e-9f43-2f7a5f6f3c11";
    let good = || caller(CallerKind::User, &[], &["access_as_user"]);
    let mut user = good();
    let mut client = good();
    user.caller.object_id = BAD_USER.to_owned();
    client.caller.actor = Some(BAD_CLIENT.to_owned());
    let signed_in = claiming(good(), json!({ "sid": session }));
    let blocked = Err(DenialReason::CallerBlocked);
    for mixed in [false, true] {
        for (spec, caller, expected) in [
            (format!("{{callers: [{BAD_USER}]}}"), &user, blocked),
            (
                format!("{{callers: [{}]}}", upper(BAD_USER)),
                &user,
                blocked,
            ),
            (format!("{{callers: ['{{{BAD_USER}}}']}}"), &user, blocked),
            (
                format!("{{callers: ['{{{}}}']}}", upper(BAD_USER)),
                &user,
                blocked,
            ),
            (
                format!("{{callers: [' {} ']}}", upper(BAD_USER)),
                &user,
                blocked,
            ),
            (
                format!("{{callers: [{}]}}", upper(BAD_USER)),
                &client,
                Ok(0),
            ),
            (
                format!("{{applications: ['{{{}}}']}}", upper(BAD_CLIENT)),
                &client,
                blocked,
            ),
            (
                format!("{{applications: [{}]}}", upper(BAD_CLIENT)),
                &user,
                Ok(0),
            ),
            (
                format!("{{sessions: [{}]}}", upper(session)),
                &signed_in,
                Err(DenialReason::TokenRevoked),
            ),
            (
                format!("{{sessions: [{}]}}", upper(BAD_USER)),
                &signed_in,
                Ok(0),
            ),
        ] {
            let set = compile(&with_deny_list(&spec, mixed)).unwrap();
            assert_eq!(
                decide(set.policy("tasks").unwrap(), Some(caller), "GET"),
                expected,
                "{spec} {mixed}"
            );
        }
    }
    // Another provider's subject is compared as it is.
    let set = compile(&with_deny_list(
        "{callers: [AbC@clients, 9188040D-6C67-4C5B-B112-36A304B66DAD]}",
        true,
    ))
    .unwrap();
    for (subject, expected) in [
        ("AbC@clients", blocked),
        ("abc@clients", Ok(0)),
        ("9188040D-6C67-4C5B-B112-36A304B66DAD", blocked),
        ("9188040d-6c67-4c5b-b112-36a304b66dad", blocked),
        ("9188040D-6c67-4c5b-b112-36a304b66dad", Ok(0)),
    ] {
        let mut caller = good();
        caller.caller.object_id = subject.to_owned();
        assert_eq!(
            decide(set.policy("tasks").unwrap(), Some(&caller), "GET"),
            expected,
            "{subject}"
        );
    }
}

#[test]
fn deny_list_entry_that_can_match_nothing_is_an_error() {
    for (spec, problem) in [
        (
            "{callers: [ada@contoso.example]}",
            "spec.callers[0]: is a user principal name or an e-mail address",
        ),
        (
            "{callers: [aaaaaaaa-0bad-4000-8000-00000000000a, Ada]}",
            "spec.callers[1]: is not a GUID, and every id of Entra",
        ),
        (
            "{callers: [aaaaaaaa0bad40008000000000000000]}",
            "spec.callers[0]: is not a GUID",
        ),
        ("{callers: ['']}", "spec.callers[0]: is empty"),
        (
            "{applications: ['api://task-api']}",
            "spec.applications[0]: is the URI of an application",
        ),
        (
            "{applications: [task-api]}",
            "spec.applications[0]: is not a GUID",
        ),
    ] {
        let problems = compile(&with_deny_list(spec, false)).unwrap_err();
        assert!(
            problems.contains(&format!("DenyList d: {problem}")),
            "{spec}:\n{problems}"
        );
        assert!(
            !problems.contains("ada@"),
            "an address is repeated: {problems}"
        );
        let other = compile(&with_deny_list(spec, true));
        assert_eq!(
            other.is_err(),
            spec.contains("['']"),
            "{spec}: another provider may have such ids: {other:?}"
        );
    }
}

#[test]
fn entra_ids_in_policies_match_in_every_spelling() {
    let tenant = "11111111-1111-4111-8111-111111111111";
    for spelled in [
        |id: &str| id.to_uppercase(),
        |id: &str| format!("'{{{}}}'", id.to_uppercase()),
        str::to_owned,
    ] {
        let text = GOOD
            .replace(
                &format!("application: {API}"),
                &format!("application: {}", spelled(API)),
            )
            .replace(&format!("[{CLIENT}]"), &format!("[{}]", spelled(CLIENT)))
            .replace(&format!("[{tenant}]"), &format!("[{}]", spelled(tenant)))
            .replace(
                "scopes: [access_as_user]",
                &format!(
                    "scopes: [access_as_user]\n      \
                     claims: {{oid: [{0}], groups: [{0}, Editors], extn: [{0}]}}",
                    spelled(BAD_USER)
                ),
            );
        let set = compile(&text).unwrap();
        let policy = set.policy("tasks").unwrap();
        assert_eq!(
            policy.tokens.as_ref().unwrap().audiences,
            Audiences::Application(API.to_owned()),
            "{text}"
        );
        let application = caller(CallerKind::Application, &["Tasks.Read"], &[]);
        assert_eq!(decide(policy, Some(&application), "GET"), Ok(1), "{text}");
        let exact = spelled(BAD_USER).replace('\'', "");
        for (groups, extension, expected) in [
            (json!([BAD_USER]), &exact, Ok(0)),
            (json!(["Editors"]), &exact, Ok(0)),
            (
                json!(["editors"]),
                &exact,
                Err(DenialReason::ClaimNotAllowed),
            ),
            (
                json!([BAD_USER]),
                &format!("{exact}x"),
                Err(DenialReason::ClaimNotAllowed),
            ),
        ] {
            let user = caller(CallerKind::User, &[], &["access_as_user"]);
            let user = claiming(
                user,
                json!({"oid": BAD_USER, "groups": groups, "extn": extension}),
            );
            assert_eq!(
                decide(policy, Some(&user), "GET"),
                expected,
                "{text} {groups}"
            );
        }
    }
    let audiences = format!("audiences: ['{}', 'api://Tasks']", API.to_uppercase());
    let set = compile(&GOOD.replace(&format!("application: {API}"), &audiences)).unwrap();
    let named = set
        .policy("tasks")
        .unwrap()
        .tokens
        .as_ref()
        .unwrap()
        .audiences
        .clone();
    assert_eq!(
        named,
        Audiences::Exactly(vec![API.to_owned(), "api://Tasks".to_owned()])
    );
}

#[test]
fn another_providers_ids_are_compared_as_they_are() {
    let oidc = "oidc: {issuer: 'https://id.example'}";
    let text = GOOD
        .replace(
            "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            oidc,
        )
        .replace(&format!("application: {API}"), "audiences: [Orders]")
        .replace(
            &format!("[{CLIENT}]"),
            "[Batch, 9188040D-6C67-4C5B-B112-36A304B66DAD]",
        );
    let set = compile(&text).unwrap();
    let policy = set.policy("tasks").unwrap();
    assert_eq!(
        policy.tokens.as_ref().unwrap().audiences,
        Audiences::Exactly(vec!["Orders".to_owned()])
    );
    for (actor, expected) in [
        ("Batch", Ok(1)),
        ("9188040D-6C67-4C5B-B112-36A304B66DAD", Ok(1)),
        ("batch", Err(DenialReason::ActorNotAllowed)),
        (
            "9188040d-6c67-4c5b-b112-36a304b66dad",
            Err(DenialReason::ActorNotAllowed),
        ),
    ] {
        let mut application = caller(CallerKind::Application, &["Tasks.Read"], &[]);
        application.caller.actor = Some(actor.to_owned());
        assert_eq!(
            decide(policy, Some(&application), "GET"),
            expected,
            "{actor}"
        );
    }
}

#[test]
fn issuer_sets_token_life_and_whether_sender_constrained_tokens_are_accepted() {
    let minutes = |text: &str| {
        let set = compile(text).unwrap();
        let (_, issuer) = set.issuers().next().unwrap();
        issuer.times.longest_life.as_secs() / 60
    };
    let entra = "entra: {tenants: [11111111-1111-4111-8111-111111111111]}";
    let oidc = GOOD
        .replace(entra, "oidc: {issuer: 'https://id.example'}")
        .replace(&format!("application: {API}"), "audiences: [a]");
    assert_eq!((minutes(GOOD), minutes(&oidc)), (24 * 60 + 5, 24 * 60));
    assert_eq!(
        minutes(&GOOD.replace(entra, &format!("{entra}\n  longestTokenLife: 2h"))),
        120
    );

    let provider = |text: &str, setting: &str| {
        // The first spec is the issuer's.
        let set = compile(&text.replacen("\nspec:", &format!("\nspec:{setting}"), 1)).unwrap();
        set.issuers()
            .next()
            .map(|(_, issuer)| issuer.provider.clone())
            .unwrap()
    };
    for text in [GOOD, &oidc] {
        let [unset, off, on] = ["", "false", "true"].map(|value| match value {
            "" => provider(text, ""),
            value => provider(
                text,
                &format!("\n  insecureSenderConstrainedAsBearer: {value}"),
            ),
        });
        assert!(unset == off && unset != on, "{text}");
    }
}

#[test]
fn explanation_says_what_each_rule_needs_and_the_request_had() {
    let set = compile(GOOD).unwrap();
    let guest = caller(CallerKind::User, &["Reader"], &["other"]);
    let explained = set.policy("tasks").unwrap().explain(&AccessRequest {
        caller: Some(&guest),
        method: "GET",
    });
    let lines: Vec<Vec<String>> = explained
        .iter()
        .map(|rule| {
            let line = |item: &crate::Explained| {
                format!(
                    "{} {}: {} / {}",
                    item.met,
                    item.requirement.field(),
                    item.needed,
                    item.had
                )
            };
            rule.iter().map(line).collect()
        })
        .collect();
    assert_eq!(
        lines[0],
        [
            "true callers: users / users",
            "false scopes: access_as_user / other"
        ]
    );
    let application = [
        "false callers: applications / users",
        "false actors: 3a5c0004-0000-4000-8000-000000000004 / 3a5c0004-0000-4000-8000-000000000004",
        "false roles: Tasks.Read or Tasks.Write / Reader",
    ];
    assert_eq!(lines[1][0], application[0]);
    assert_eq!(lines[1][2], application[2]);
}

#[test]
fn each_mistake_is_named_with_document_and_field() {
    for (good, bad, expected) in [
        (
            "metadata: {name: tasks}",
            "metadata: {name: tasks}\nspecs: 1",
            "RoutePolicy tasks: specs: unknown field",
        ),
        (
            "  issuer: entra",
            "  isuer: entra",
            "RoutePolicy tasks: spec.isuer: unknown field `isuer`",
        ),
        ("  issuer: entra", "  isuer: entra", "did you mean issuer?"),
        (
            "  issuer: entra\n",
            "",
            "RoutePolicy tasks: spec.issuer: is missing; name the TokenIssuer",
        ),
        (
            "callers: users",
            "callers: anyone",
            "spec.allow[0].callers: is anyone, who may have no token",
        ),
        (
            "callers: users",
            "methods: [get]\n      callers: users",
            "spec.allow[0].methods: holds something else",
        ),
        (
            "callers: users",
            "claims: {acr: []}\n      callers: users",
            "spec.allow[0].claims.acr: has no value",
        ),
        (
            "callers: users",
            "claims: {email: [a]}\n      callers: users",
            "claims.email: is for people to read",
        ),
        (
            "callers: users",
            "claims: {acr: [1.5]}\n      callers: users",
            "neither a string, a whole number",
        ),
        (
            "callers: users",
            "allRoles: ['']\n      callers: users",
            "spec.allow[0].allRoles: holds an empty entry",
        ),
        (
            "  upstream",
            "  onDenied: forbiden\n  upstream",
            "did you mean forbidden?",
        ),
        (
            "kind: RoutePolicy\nmetadata: {name: tasks}\nspec:",
            "kind: DenyList\nmetadata: {name: d}\nspec: {tokens: [' x']}\n---\n\
             apiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
             metadata: {name: tasks}\nspec:",
            "DenyList d: spec.tokens[0]: is empty or has spaces around it",
        ),
        (
            "  issuer: entra",
            "  issuer: okta",
            "spec.issuer: there is no TokenIssuer 'okta'; there is: entra",
        ),
        ("callers: users", "callers: user", "did you mean users?"),
        (
            "callers: users\n      scopes: [access_as_user]",
            "callers: users",
            "spec.allow[0].scopes: is missing",
        ),
        (
            "scopes: [access_as_user]",
            "scopes: access_as_user",
            "spec.allow[0].scopes: invalid type",
        ),
        (
            "scopes: [access_as_user]",
            "scopes: ['']",
            "spec.allow[0].scopes: holds an empty entry",
        ),
        (
            "roles: [Tasks.Read, Tasks.Write]",
            "roles: []",
            "spec.allow[1].roles: is missing",
        ),
        (
            "roles: [Tasks.Read, Tasks.Write]",
            "scopes: [x]",
            "spec.allow[1].scopes: is for users",
        ),
        ("per: 60s", "per: 60", "spec.rateLimit.per: "),
        ("per: 60s", "per: soon", "'soon' is not a time such as 60s"),
        ("per: 60s", "per: 25h", "is not between 1s and 24h"),
        (
            "requests: 100",
            "requests: 0",
            "spec.rateLimit.requests: is not between 1 and",
        ),
        ("requests: 100", "requests: -1", "spec.rateLimit.requests: "),
        (
            "application: 3a5c0001-0000-4000-8000-000000000001",
            "application: ''",
            "spec.application: is empty",
        ),
        (
            "application: 3a5c0001-0000-4000-8000-000000000001",
            "audiences: []",
            "spec.application: is missing",
        ),
        (
            "application: 3a5c0001-0000-4000-8000-000000000001",
            "application: a\n  audiences: [b]",
            "spec.audiences: contradicts application",
        ),
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
            "document 2: kind: is none of TokenIssuer, RoutePolicy, DenyList; \
             did you mean RoutePolicy?",
        ),
        (
            "portcullis.dev/v1alpha1",
            "portcullis.dev/v1",
            "apiVersion: 'portcullis.dev/v1' is not supported; write portcullis.dev/v1alpha1",
        ),
        (
            "application: 3a5c0001-0000-4000-8000-000000000001",
            "application: api://task-api",
            "RoutePolicy tasks: spec.application: is the URI of an application; \
             write the application (client) id",
        ),
        (
            "actors: [3a5c0004-0000-4000-8000-000000000004]",
            "actors: [web]",
            "spec.allow[1].actors[0]: is not a GUID",
        ),
        (
            "callers: users",
            "claims: {oid: [ada@x.example]}\n      callers: users",
            "claims.oid: is a user principal name",
        ),
        (
            "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            "oidc: {issuer: 'https://id.example', claims: {kind: {claim: gty}}}",
            "TokenIssuer entra: spec.oidc.claims.kind.users: lists no value",
        ),
        (
            "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            "oidc: {issuer: 'https://id.example', \
             claims: {kind: {claim: gty, users: [a], applications: [a]}}}",
            "spec.oidc.claims.kind.applications: has a value that users has too",
        ),
        (
            "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            "oidc: {issuer: 'https://id.example', claims: {kind: {default: user}}}",
            "spec.oidc.claims.kind.default: unknown variant `user`",
        ),
        (
            "entra: {tenants: [11111111-1111-4111-8111-111111111111]}",
            "oidc: {issuer: 'https://id.example', claims: {kind: {claims: gty}}}",
            "did you mean claim?",
        ),
        (
            "{name: task-api, forwardToken: true}",
            "{name: ''}",
            "spec.upstream.name: is empty",
        ),
    ] {
        let text = GOOD.replace(good, bad);
        let problems = compile(&text).unwrap_err();
        assert!(problems.contains(expected), "{bad}:\n{problems}");
        assert!(problems.starts_with("policy.yaml:"), "{problems}");
        assert!(!problems.contains(" at line "), "{problems}");
    }
}

#[test]
fn yaml_errors_have_their_place_and_no_words_of_the_library() {
    for (good, bad, expected) in [
        ("issuer: entra", "issuer: [", ": is not YAML: "),
        (
            "issuer: entra",
            "issuer: entra\n  issuer: entra",
            "policy.yaml:13:3: document 2: spec.issuer: 'issuer' is here a second time; \
             keep one of them",
        ),
        (
            "---\n",
            "",
            "policy.yaml:7:1: document 1: apiVersion: \
             'apiVersion' is here a second time in one document; write a line ---",
        ),
    ] {
        let problems = compile(&GOOD.replace(good, bad)).unwrap_err();
        assert!(problems.contains(expected), "{bad}:\n{problems}");
        assert!(
            problems.starts_with("policy.yaml:") && !problems.contains("in Options"),
            "{problems}"
        );
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
    for part in [
        "spec.isuer",
        "spec.allow[0].callers",
        "spec.rateLimit.requests",
        "spec.entra.tenant",
    ] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
}

#[test]
fn bad_field_hides_no_other_mistake_and_makes_none() {
    for (name, edits, expected) in [
        (
            "a semantic mistake after a bad field",
            &[
                ("callers: users", "callers: users\n      colour: red"),
                ("per: 60s", "per: 25h"),
            ][..],
            &[
                "policy.yaml:16:7: RoutePolicy tasks: spec.allow[0].colour: unknown field",
                "policy.yaml:21:30: RoutePolicy tasks: spec.rateLimit.per: \
                 is not between 1s and 24h",
            ][..],
        ),
        (
            "a bad rule before one with a mistake",
            &[
                ("callers: users", "callers: user"),
                ("[Tasks.Read, Tasks.Write]", "[]"),
            ],
            &[
                "policy.yaml:15:7: RoutePolicy tasks: spec.allow[0].callers: unknown variant",
                "policy.yaml:18:7: RoutePolicy tasks: spec.allow[1].roles: is missing",
            ],
        ),
        (
            "a misspelled field that is needed",
            &[("  issuer: entra", "  isuer: entra")],
            &["policy.yaml:12:3: RoutePolicy tasks: spec.isuer: unknown field"],
        ),
        (
            "an issuer that cannot be read",
            &[(
                "metadata: {name: entra, labels: {team: a}}",
                "metadata: {labels: {team: a}}",
            )],
            &["policy.yaml:4:1: TokenIssuer (document 1): metadata: missing field `name`"],
        ),
        (
            "a document that is not YAML behind two others",
            &[
                (
                    "forwardToken: true}\n",
                    "forwardToken: true}\n---\nbroken: *nowhere\n",
                ),
                ("requests: 100", "requests: 0"),
            ],
            &[
                "policy.yaml:20:15: RoutePolicy tasks: spec.rateLimit.requests: is not between",
                "policy.yaml:23:9: is not YAML: ",
            ],
        ),
    ] {
        let text = edits.iter().fold(GOOD.to_owned(), |text, (good, bad)| {
            text.replacen(good, bad, 1)
        });
        let problems = compile(&text).unwrap_err();
        let lines: Vec<&str> = problems.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{name}:\n{problems}");
        for part in expected {
            assert!(
                lines.iter().any(|line| line.starts_with(part)),
                "{name}: {part} is missing in:\n{problems}"
            );
        }
    }
}

#[test]
fn mistakes_in_several_files_are_reported_at_once() {
    let [issuer, policy] = GOOD.split("---").collect::<Vec<_>>().try_into().unwrap();
    let policy = policy.replace("per: 60s", "per: 25h");
    let files = [
        ("a.yaml", "kind: ["),
        ("b.yaml", policy.as_str()),
        ("c.yaml", "kind: Nothing"),
        ("d.yaml", issuer),
    ];
    let problems = PolicySet::compile(files).unwrap_err().to_string();
    for part in [
        "a.yaml:",
        "b.yaml:14:30: RoutePolicy tasks: spec.rateLimit.per",
        "c.yaml:1:1: document 1: kind: is none of",
    ] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn names_are_unique_and_a_set_has_policies() {
    let problems = compile(&format!("{GOOD}---{GOOD}")).unwrap_err();
    for part in [
        "policy.yaml:25:12: TokenIssuer entra: metadata.name: \
         another TokenIssuer has the same name 'entra', at policy.yaml:4:12",
        "RoutePolicy tasks: metadata.name: \
         another RoutePolicy has the same name 'tasks', at policy.yaml:10:12; rename",
    ] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
    assert!(compile("").unwrap_err().contains("has no RoutePolicy"));
}
