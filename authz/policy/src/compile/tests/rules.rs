use portcullis_token::{Audiences, CallerKind, Verified};
use serde_json::json;

use super::{API, GOOD, caller, claiming, compile, decide};
use crate::{DenialReason, OnDenied};

/// A request, and the rule that allows it or the reason of its denial.
struct Case {
    name: &'static str,
    caller: Option<Verified>,
    method: &'static str,
    expected: Result<usize, DenialReason>,
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
fn rules_allow_and_the_nearest_miss_says_why_not() {
    let set = compile(GOOD).unwrap();
    let policy = set.policy("tasks").unwrap();
    let user = CallerKind::User;
    let application = CallerKind::Application;
    let mut other_actor = caller(application, &["Tasks.Read"], &[]);
    other_actor.caller.actor = Some("other".to_owned());
    for Case {
        name,
        caller,
        method,
        expected,
    } in [
        Case {
            name: "one of the scopes",
            caller: Some(caller(user, &[], &["other", "access_as_user"])),
            method: "GET",
            expected: Ok(0),
        },
        Case {
            name: "one of the roles",
            caller: Some(caller(application, &["Tasks.Write"], &[])),
            method: "GET",
            expected: Ok(1),
        },
        Case {
            name: "a user with another scope",
            caller: Some(caller(user, &["Tasks.Read"], &["other"])),
            method: "GET",
            expected: Err(DenialReason::ScopeMissing),
        },
        Case {
            name: "a user without scopes",
            caller: Some(caller(user, &["Tasks.Read"], &[])),
            method: "GET",
            expected: Err(DenialReason::ScopeMissing),
        },
        Case {
            name: "a role in another case",
            caller: Some(caller(application, &["tasks.read"], &[])),
            method: "GET",
            expected: Err(DenialReason::RoleMissing),
        },
        Case {
            name: "an application with a scope",
            caller: Some(caller(application, &[], &["access_as_user"])),
            method: "GET",
            expected: Err(DenialReason::RoleMissing),
        },
        Case {
            name: "an application that is not listed",
            caller: Some(other_actor),
            method: "GET",
            expected: Err(DenialReason::ActorNotAllowed),
        },
    ] {
        assert_eq!(
            decide(policy, caller.as_ref(), method),
            expected,
            "{name}: {caller:?}"
        );
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
    for Case {
        name,
        caller,
        method,
        expected,
    } in [
        Case {
            name: "the first method",
            caller: Some(user(&[])),
            method: "GET",
            expected: Ok(0),
        },
        Case {
            name: "the second method",
            caller: Some(user(&[])),
            method: "HEAD",
            expected: Ok(0),
        },
        Case {
            name: "a method in lower case",
            caller: Some(user(&[])),
            method: "get",
            expected: Err(DenialReason::RoleMissing),
        },
        Case {
            name: "all roles and claims",
            caller: Some(claiming(user(full), json!({"acr": "2", "level": 1}))),
            method: "POST",
            expected: Ok(1),
        },
        Case {
            name: "all of allRoles and none of roles",
            caller: Some(user(&["Staff", "Trained"])),
            method: "POST",
            expected: Err(DenialReason::RoleMissing),
        },
        Case {
            name: "one of roles and not all of allRoles",
            caller: Some(user(&["Admin", "Staff"])),
            method: "POST",
            expected: Err(DenialReason::RoleMissing),
        },
        Case {
            name: "another value of a claim",
            caller: Some(claiming(user(full), json!({"acr": "1", "level": 1}))),
            method: "POST",
            expected: Err(DenialReason::ClaimNotAllowed),
        },
        Case {
            name: "one of the claims",
            caller: Some(claiming(user(full), json!({"acr": "2"}))),
            method: "POST",
            expected: Err(DenialReason::ClaimNotAllowed),
        },
        Case {
            name: "an application",
            caller: Some(caller(CallerKind::Application, full, &[])),
            method: "POST",
            expected: Err(DenialReason::CallerKindNotAllowed),
        },
    ] {
        assert_eq!(
            decide(policy, caller.as_ref(), method),
            expected,
            "{name}: {method} {caller:?}"
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
    for Case {
        name,
        caller,
        method,
        expected,
    } in [
        Case {
            name: "anonymous reading",
            caller: None,
            method: "GET",
            expected: Ok(2),
        },
        Case {
            name: "a guest reading",
            caller: Some(guest.clone()),
            method: "GET",
            expected: Ok(2),
        },
        Case {
            name: "a member reading",
            caller: Some(member.clone()),
            method: "GET",
            expected: Ok(0),
        },
        Case {
            name: "a member writing",
            caller: Some(member),
            method: "POST",
            expected: Ok(0),
        },
        Case {
            name: "anonymous writing",
            caller: None,
            method: "POST",
            expected: Err(DenialReason::CallerKindNotAllowed),
        },
        Case {
            name: "a guest writing",
            caller: Some(guest),
            method: "POST",
            expected: Err(DenialReason::ScopeMissing),
        },
    ] {
        assert_eq!(
            decide(policy, caller.as_ref(), method),
            expected,
            "{name}: {method} {caller:?}"
        );
    }
}
