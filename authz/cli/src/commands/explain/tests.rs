use serde_json::{Value, json};

use super::{name_of, record, token};
use portcullis_policy::PolicySet;
use portcullis_server::OfflinePolicies;
use portcullis_server::PolicyText;

const POLICIES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/policies/task-suite.yaml"
);

fn policies() -> PolicySet {
    PolicyText::read([POLICIES.as_ref()])
        .unwrap()
        .compile()
        .unwrap()
}

/// A token for the policy `name`, with `wanted` added to the claims of a valid token.
async fn token_for(name: &str, wanted: &Value) -> String {
    let offline = OfflinePolicies::new(policies()).await.unwrap();
    let policy = offline.policies().policy(name).unwrap();
    let audiences = &policy.tokens.as_ref().unwrap().audiences;
    let claims = offline.verifier(policy).unwrap().claims(
        audiences,
        portcullis_token::unix_now(),
        wanted.as_object().unwrap(),
    );
    offline.issuer().sign(&claims).unwrap()
}

#[tokio::test]
async fn token_is_explained_by_rule_and_never_printed() {
    struct Case {
        name: &'static str,
        wanted: Value,
        parts: &'static [&'static str],
    }

    for Case {
        name,
        wanted,
        parts,
    } in [
        Case {
            name: "allowed by the first rule",
            wanted: json!({"scp": "access_as_user", "name": "Ada Admin"}),
            parts: &[
                "rule 0    allows it",
                "ok callers   needs users; has users",
                "ok scopes    needs access_as_user; has access_as_user",
                "decision  allow, by rule 0",
            ],
        },
        Case {
            name: "other scope",
            wanted: json!({"scp": "other"}),
            parts: &[
                "rule 0    does not allow it",
                "NO scopes    needs access_as_user; has other",
                "decision  deny scope_missing: the token lacks",
            ],
        },
        Case {
            name: "other audience",
            wanted: json!({"scp": "a", "aud": "x"}),
            parts: &["decision  deny audience_not_allowed: "],
        },
        Case {
            name: "expired",
            wanted: json!({"scp": "a", "exp": 1_700_000_000, "nbf": 1_699_999_999,
                "iat": 1_699_999_999}),
            parts: &["decision  deny token_expired: "],
        },
    ] {
        let token = token_for("tasks", &wanted).await;
        let line = format!("Bearer {token}");
        let request = token::ExplainRequest {
            line: &line,
            method: "GET",
        };
        let text = token::explain(policies(), "tasks", &request, None)
            .await
            .unwrap();
        for part in parts.iter().chain(&[
            "policy    tasks: tokens of entra for application",
            "signature NOT checked",
        ]) {
            assert!(text.contains(part), "{name}: {part} is missing in:\n{text}");
        }
        assert!(!text.contains("Ada Admin"), "{name}: {text}");
        assert!(
            token.split('.').all(|part| !text.contains(part)),
            "{name}: {text}"
        );
    }
}

#[test]
fn record_is_explained_without_missing_fields() {
    struct Case {
        name: &'static str,
        record: Value,
        parts: &'static [&'static str],
    }

    for Case {
        name,
        record,
        parts,
    } in [
        Case {
            name: "denied with claims",
            record: json!({"policy": "audit", "method": "POST", "outcome": "deny",
                "reason": "role_missing", "tenant": "t", "object_id": "o", "kind": "application",
                "roles": "AuditLog.Read Other"}),
            parts: &[
                "NO roles     needs AuditLog.Write; has AuditLog.Read Other",
                "decision  deny role_missing (as recorded)",
            ],
        },
        Case {
            name: "denied without claims",
            record: json!({"policy": "tasks", "outcome": "deny", "reason": "token_expired"}),
            parts: &["anonymous, or", "deny token_expired"],
        },
        Case {
            name: "allowed",
            record: json!({"policy": "tasks", "outcome": "allow", "rule": 0, "tenant": "t",
                "object_id": "o"}),
            parts: &["allow, by rule 0"],
        },
    ] {
        for line in [
            record.to_string(),
            json!({"timestamp": "t", "level": "INFO", "fields": record}).to_string(),
        ] {
            let text = record::explain(&policies(), None, &line).unwrap();
            for part in parts {
                assert!(text.contains(part), "{name}: {part} is missing in:\n{text}");
            }
        }
    }
    let error = format!(
        "{:#}",
        record::explain(&policies(), None, "{\"message\": \"stopping\"}").unwrap_err()
    );
    assert!(error.contains("is not a decision record"), "{error}");
}

#[test]
fn unknown_policy_lists_the_existing_ones() {
    struct Case {
        name: &'static str,
        given: Option<&'static str>,
        problem: &'static str,
    }

    assert_eq!(name_of(&policies(), Some("tasks")).unwrap(), "tasks");
    for Case {
        name,
        given,
        problem,
    } in [
        Case {
            name: "unknown policy",
            given: Some("task"),
            problem: "there is no RoutePolicy 'task'",
        },
        Case {
            name: "no policy",
            given: None,
            problem: "choose the RoutePolicy",
        },
    ] {
        let error = name_of(&policies(), given).unwrap_err().to_string();
        assert!(
            error.contains(problem) && error.contains("audit, notifications, tasks"),
            "{name}: {error}"
        );
    }
}
