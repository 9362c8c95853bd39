use portcullis_token::{CallerKind, Verified};
use serde_json::json;

use super::{BAD_CLIENT, BAD_USER, GOOD, caller, claiming, compile, decide};
use crate::DenialReason;

#[test]
fn deny_list_overrides_every_rule() {
    struct Case {
        name: &'static str,
        caller: Verified,
        expected: Result<usize, DenialReason>,
    }

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
    for Case {
        name,
        caller,
        expected,
    } in [
        Case {
            name: "nothing on the list",
            caller: good(),
            expected: Ok(0),
        },
        Case {
            name: "other ids of session and token",
            caller: claiming(good(), json!({"sid": "other", "jti": "other", "uti": 7})),
            expected: Ok(0),
        },
        Case {
            name: "a caller",
            caller: user,
            expected: Err(DenialReason::CallerBlocked),
        },
        Case {
            name: "the actor of a user",
            caller: client,
            expected: Err(DenialReason::CallerBlocked),
        },
        Case {
            name: "a session",
            caller: claiming(good(), json!({"sid": "bad-session"})),
            expected: Err(DenialReason::TokenRevoked),
        },
        Case {
            name: "a token",
            caller: claiming(good(), json!({"jti": "bad-token"})),
            expected: Err(DenialReason::TokenRevoked),
        },
        Case {
            name: "a token of Entra",
            caller: claiming(good(), json!({"uti": "bad-token"})),
            expected: Err(DenialReason::TokenRevoked),
        },
    ] {
        assert_eq!(
            decide(policy, Some(&caller), "GET"),
            expected,
            "{name}: {caller:?}"
        );
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
    struct Case<'a> {
        name: &'static str,
        spec: String,
        caller: &'a Verified,
        expected: Result<usize, DenialReason>,
    }

    let upper = |id: &str| id.to_uppercase();
    let session = "00b1c9a2-7e5d-4c1e-9f43-2f7a5f6f3c11";
    let good = || caller(CallerKind::User, &[], &["access_as_user"]);
    let mut user = good();
    let mut client = good();
    user.caller.object_id = BAD_USER.to_owned();
    client.caller.actor = Some(BAD_CLIENT.to_owned());
    let signed_in = claiming(good(), json!({ "sid": session }));
    let blocked = Err(DenialReason::CallerBlocked);
    let cases = [
        Case {
            name: "as it is",
            spec: format!("{{callers: [{BAD_USER}]}}"),
            caller: &user,
            expected: blocked,
        },
        Case {
            name: "in upper case",
            spec: format!("{{callers: [{}]}}", upper(BAD_USER)),
            caller: &user,
            expected: blocked,
        },
        Case {
            name: "in braces",
            spec: format!("{{callers: ['{{{BAD_USER}}}']}}"),
            caller: &user,
            expected: blocked,
        },
        Case {
            name: "in upper case and braces",
            spec: format!("{{callers: ['{{{}}}']}}", upper(BAD_USER)),
            caller: &user,
            expected: blocked,
        },
        Case {
            name: "with spaces",
            spec: format!("{{callers: [' {} ']}}", upper(BAD_USER)),
            caller: &user,
            expected: blocked,
        },
        Case {
            name: "another caller",
            spec: format!("{{callers: [{}]}}", upper(BAD_USER)),
            caller: &client,
            expected: Ok(0),
        },
        Case {
            name: "an application in upper case and braces",
            spec: format!("{{applications: ['{{{}}}']}}", upper(BAD_CLIENT)),
            caller: &client,
            expected: blocked,
        },
        Case {
            name: "another application",
            spec: format!("{{applications: [{}]}}", upper(BAD_CLIENT)),
            caller: &user,
            expected: Ok(0),
        },
        Case {
            name: "a session in upper case",
            spec: format!("{{sessions: [{}]}}", upper(session)),
            caller: &signed_in,
            expected: Err(DenialReason::TokenRevoked),
        },
        Case {
            name: "another session",
            spec: format!("{{sessions: [{}]}}", upper(BAD_USER)),
            caller: &signed_in,
            expected: Ok(0),
        },
    ];
    for mixed in [false, true] {
        for Case {
            name,
            spec,
            caller,
            expected,
        } in &cases
        {
            let set = compile(&with_deny_list(spec, mixed)).unwrap();
            assert_eq!(
                decide(set.policy("tasks").unwrap(), Some(caller), "GET"),
                *expected,
                "{name}: {spec} {mixed}"
            );
        }
    }
}

#[test]
fn deny_list_compares_another_providers_subject_as_it_is() {
    struct Case {
        name: &'static str,
        subject: &'static str,
        expected: Result<usize, DenialReason>,
    }

    let blocked = Err(DenialReason::CallerBlocked);
    let set = compile(&with_deny_list(
        "{callers: [AbC@clients, 9188040D-6C67-4C5B-B112-36A304B66DAD]}",
        true,
    ))
    .unwrap();
    for Case {
        name,
        subject,
        expected,
    } in [
        Case {
            name: "a name as written",
            subject: "AbC@clients",
            expected: blocked,
        },
        Case {
            name: "a name in another case",
            subject: "abc@clients",
            expected: Ok(0),
        },
        Case {
            name: "a GUID as written",
            subject: "9188040D-6C67-4C5B-B112-36A304B66DAD",
            expected: blocked,
        },
        Case {
            name: "a GUID in the spelling of Entra",
            subject: "9188040d-6c67-4c5b-b112-36a304b66dad",
            expected: blocked,
        },
        Case {
            name: "a GUID in a third spelling",
            subject: "9188040D-6c67-4c5b-b112-36a304b66dad",
            expected: Ok(0),
        },
    ] {
        let mut caller = caller(CallerKind::User, &[], &["access_as_user"]);
        caller.caller.object_id = subject.to_owned();
        assert_eq!(
            decide(set.policy("tasks").unwrap(), Some(&caller), "GET"),
            expected,
            "{name}: {subject}"
        );
    }
}

#[test]
fn deny_list_entry_that_can_match_nothing_is_an_error() {
    struct Case {
        name: &'static str,
        spec: &'static str,
        problem: &'static str,
    }
    for Case {
        name,
        spec,
        problem,
    } in [
        Case {
            name: "a user principal name",
            spec: "{callers: [ada@contoso.example]}",
            problem: "spec.callers[0]: is a user principal name or an e-mail address",
        },
        Case {
            name: "a name behind a GUID",
            spec: "{callers: [aaaaaaaa-0bad-4000-8000-00000000000a, Ada]}",
            problem: "spec.callers[1]: is not a GUID, and every id of Entra",
        },
        Case {
            name: "a GUID without hyphens",
            spec: "{callers: [aaaaaaaa0bad40008000000000000000]}",
            problem: "spec.callers[0]: is not a GUID",
        },
        Case {
            name: "an empty string",
            spec: "{callers: ['']}",
            problem: "spec.callers[0]: is empty",
        },
        Case {
            name: "the URI of an application",
            spec: "{applications: ['api://task-api']}",
            problem: "spec.applications[0]: is the URI of an application",
        },
        Case {
            name: "the name of an application",
            spec: "{applications: [task-api]}",
            problem: "spec.applications[0]: is not a GUID",
        },
    ] {
        let problems = compile(&with_deny_list(spec, false)).unwrap_err();
        assert!(
            problems.contains(&format!("DenyList d: {problem}")),
            "{name}: {spec}:\n{problems}"
        );
        assert!(
            !problems.contains("ada@"),
            "{name}: an address is repeated: {problems}"
        );
        let other = compile(&with_deny_list(spec, true));
        assert_eq!(
            other.is_err(),
            spec.contains("['']"),
            "{name}: {spec}: another provider may have such ids: {other:?}"
        );
    }
}
