use portcullis_token::{Audiences, CallerKind};
use serde_json::{Value, json};

use super::{API, BAD_USER, CLIENT, GOOD, caller, claiming, compile, decide};
use crate::DenialReason;

#[test]
fn entra_ids_in_policies_match_in_every_spelling() {
    struct Case {
        name: &'static str,
        groups: Value,
        extension: String,
        expected: Result<usize, DenialReason>,
    }

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
        for Case {
            name,
            groups,
            extension,
            expected,
        } in [
            Case {
                name: "a GUID of the groups",
                groups: json!([BAD_USER]),
                extension: exact.clone(),
                expected: Ok(0),
            },
            Case {
                name: "a name of the groups",
                groups: json!(["Editors"]),
                extension: exact.clone(),
                expected: Ok(0),
            },
            Case {
                name: "a name in another case",
                groups: json!(["editors"]),
                extension: exact.clone(),
                expected: Err(DenialReason::ClaimNotAllowed),
            },
            Case {
                name: "another value of another claim",
                groups: json!([BAD_USER]),
                extension: format!("{exact}x"),
                expected: Err(DenialReason::ClaimNotAllowed),
            },
        ] {
            let user = caller(CallerKind::User, &[], &["access_as_user"]);
            let user = claiming(
                user,
                json!({"oid": BAD_USER, "groups": groups, "extn": extension}),
            );
            assert_eq!(
                decide(policy, Some(&user), "GET"),
                expected,
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn audiences_that_are_entra_ids_match_in_every_spelling() {
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
    struct Case {
        name: &'static str,
        actor: &'static str,
        expected: Result<usize, DenialReason>,
    }

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
    for Case {
        name,
        actor,
        expected,
    } in [
        Case {
            name: "a name as written",
            actor: "Batch",
            expected: Ok(1),
        },
        Case {
            name: "a GUID as written",
            actor: "9188040D-6C67-4C5B-B112-36A304B66DAD",
            expected: Ok(1),
        },
        Case {
            name: "a name in another case",
            actor: "batch",
            expected: Err(DenialReason::ActorNotAllowed),
        },
        Case {
            name: "a GUID in another case",
            actor: "9188040d-6c67-4c5b-b112-36a304b66dad",
            expected: Err(DenialReason::ActorNotAllowed),
        },
    ] {
        let mut application = caller(CallerKind::Application, &["Tasks.Read"], &[]);
        application.caller.actor = Some(actor.to_owned());
        assert_eq!(
            decide(policy, Some(&application), "GET"),
            expected,
            "{name}: {actor}"
        );
    }
}
