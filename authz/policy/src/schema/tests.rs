use serde_json::{Value, json};

use super::{MOST_VALUES, schema};
use crate::PolicySet;
use crate::document::Documents;
use crate::spec::{DenyListSpec, DocumentSpec};

fn document(kind: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "portcullis.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": "n"},
        "spec": spec,
    })
}

#[test]
fn schema_and_parser_accept_the_same_documents() {
    struct Case {
        name: &'static str,
        kind: &'static str,
        spec: Value,
        good: bool,
    }

    let schema = jsonschema::draft202012::new(&schema()).unwrap();
    let allow = json!([{"callers": "anyone"}]);
    for Case {
        name,
        kind,
        spec,
        good,
    } in [
        Case {
            name: "anyone",
            kind: "RoutePolicy",
            spec: json!({"allow": allow, "upstream": {"name": "u"}}),
            good: true,
        },
        Case {
            name: "a rate limit",
            kind: "RoutePolicy",
            spec: json!({
                "allow": allow,
                "upstream": {"name": "u"},
                "rateLimit": {"requests": 1, "per": "60s"},
            }),
            good: true,
        },
        Case {
            name: "methods, and no assertion",
            kind: "RoutePolicy",
            spec: json!({
                "allow": [{"callers": "anyone", "methods": ["GET"]}],
                "upstream": {"name": "u", "assertion": {"bind": "none"}},
            }),
            good: true,
        },
        Case {
            name: "optional fields that are null",
            kind: "RoutePolicy",
            spec: json!({
                "issuer": null,
                "allow": allow,
                "upstream": {"name": "u"},
                "rateLimit": null,
            }),
            good: true,
        },
        Case {
            name: "a deny list",
            kind: "DenyList",
            spec: json!({"callers": ["c"], "tokens": ["t"]}),
            good: true,
        },
        Case {
            name: "a kind claim",
            kind: "TokenIssuer",
            spec: json!({"oidc": {
                "issuer": "i",
                "claims": {"kind": {"claim": "c", "users": ["u", 1], "default": "users"}},
            }}),
            good: true,
        },
        Case {
            name: "a misspelled default kind",
            kind: "TokenIssuer",
            spec: json!({"oidc": {"issuer": "i", "claims": {"kind": {"default": "user"}}}}),
            good: false,
        },
        Case {
            name: "a word instead of a kind claim",
            kind: "TokenIssuer",
            spec: json!({"oidc": {"issuer": "i", "claims": {"kind": "users"}}}),
            good: false,
        },
        Case {
            name: "a string instead of a boolean",
            kind: "TokenIssuer",
            spec: json!({"oidc": {"issuer": "i"}, "insecureSenderConstrainedAsBearer": "yes"}),
            good: false,
        },
        Case {
            name: "an unknown status",
            kind: "RoutePolicy",
            spec: json!({"allow": allow, "upstream": {"name": "u"}, "onDenied": "teapot"}),
            good: false,
        },
        Case {
            name: "a misspelled field",
            kind: "RoutePolicy",
            spec: json!({"allow": allow, "upstream": {"nam": "u"}}),
            good: false,
        },
        Case {
            name: "no upstream",
            kind: "RoutePolicy",
            spec: json!({"allow": allow}),
            good: false,
        },
        Case {
            name: "an unknown kind of caller",
            kind: "RoutePolicy",
            spec: json!({"allow": [{"callers": "all"}], "upstream": {"name": "u"}}),
            good: false,
        },
        Case {
            name: "a negative limit",
            kind: "RoutePolicy",
            spec: json!({
                "allow": allow,
                "upstream": {"name": "u"},
                "rateLimit": {"requests": -1, "per": "60s"},
            }),
            good: false,
        },
        Case {
            name: "a string that is no duration",
            kind: "RoutePolicy",
            spec: json!({
                "allow": allow,
                "upstream": {"name": "u"},
                "rateLimit": {"requests": 1, "per": "soon"},
            }),
            good: false,
        },
        Case {
            name: "an unknown kind of document",
            kind: "RoutePolice",
            spec: json!({"allow": allow, "upstream": {"name": "u"}}),
            good: false,
        },
        Case {
            name: "an unknown field of a deny list",
            kind: "DenyList",
            spec: json!({"users": ["c"]}),
            good: false,
        },
    ] {
        let document = document(kind, &spec);
        assert_eq!(schema.is_valid(&document), good, "{name}: {document}");
        let mut problems = Vec::new();
        Documents::default().read("d.yaml", &document.to_string(), &mut problems);
        assert_eq!(
            problems.is_empty(),
            good,
            "{name}: {document}: {problems:?}"
        );
    }
}

#[test]
fn sample_policies_are_valid_by_schema_and_compiler() {
    let yaml = include_str!("../../../../examples/policies/task-suite.yaml");
    assert!(PolicySet::compile([("policy.yaml", yaml)]).is_ok());
    let schema = jsonschema::draft202012::new(&schema()).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap();
    for document in documents.iter().filter(|document| !document.is_null()) {
        let problems: Vec<String> = schema
            .iter_errors(document)
            .map(|error| error.to_string())
            .collect();
        assert!(problems.is_empty(), "{problems:?}");
    }
}

#[test]
fn errors_of_a_long_document_are_not_collected() {
    for (name, entries, errors) in [
        ("a short list", 1_000, 1_000),
        ("a long list", MOST_VALUES, 1),
    ] {
        let list = document("DenyList", &json!({"callers": vec![7; entries]}));
        let found = DenyListSpec::schema().errors(&list).len();
        assert_eq!(found, errors, "{name}");
    }
}
