use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::spec::{API_VERSION, DenyListSpec, Metadata, RoutePolicySpec, TokenIssuerSpec};

/// The JSON Schema (2020-12) of one policy document, for editors and CI.
///
/// It is generated from the types into which documents are parsed. `portcullis check` also finds
/// what a schema cannot express: names that do not exist, and rules that contradict themselves.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator();
    let kinds = [
        kind::<TokenIssuerSpec>("TokenIssuer", &mut generator),
        kind::<RoutePolicySpec>("RoutePolicy", &mut generator),
        kind::<DenyListSpec>("DenyList", &mut generator),
    ];
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Portcullis policy document",
        "oneOf": kinds,
        "$defs": definitions,
    })
}

fn kind<Spec: schemars::JsonSchema>(kind: &str, generator: &mut SchemaGenerator) -> Value {
    json!({
        "title": kind,
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": kind},
            "metadata": generator.subschema_for::<Metadata>(),
            "spec": generator.subschema_for::<Spec>(),
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::schema;
    use crate::PolicySet;

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
        let schema = jsonschema::draft202012::new(&schema()).unwrap();
        let allow = json!([{"callers": "anyone"}]);
        for (document, good) in [
            (
                document(
                    "RoutePolicy",
                    &json!({"allow": allow, "upstream": {"name": "u"}}),
                ),
                true,
            ),
            (
                document(
                    "RoutePolicy",
                    &json!({
                        "allow": allow,
                        "upstream": {"name": "u"},
                        "rateLimit": {"requests": 1, "per": "60s"},
                    }),
                ),
                true,
            ),
            (
                document(
                    "RoutePolicy",
                    &json!({
                        "allow": [{"callers": "anyone", "methods": ["GET"]}],
                        "upstream": {"name": "u", "assertion": {"bind": "none"}},
                    }),
                ),
                true,
            ),
            (
                document("DenyList", &json!({"callers": ["c"], "tokens": ["t"]})),
                true,
            ),
            (
                document(
                    "TokenIssuer",
                    &json!({"oidc": {
                        "issuer": "i",
                        "claims": {"kind": {"claim": "c", "users": ["u", 1], "default": "users"}},
                    }}),
                ),
                true,
            ),
            (
                document(
                    "TokenIssuer",
                    &json!({"oidc": {"issuer": "i", "claims": {"kind": {"default": "user"}}}}),
                ),
                false,
            ),
            (
                document(
                    "TokenIssuer",
                    &json!({"oidc": {"issuer": "i", "claims": {"kind": "users"}}}),
                ),
                false,
            ),
            (
                document(
                    "TokenIssuer",
                    &json!({"oidc": {"issuer": "i"}, "insecureSenderConstrainedAsBearer": "yes"}),
                ),
                false,
            ),
            (
                document(
                    "RoutePolicy",
                    &json!({"allow": allow, "upstream": {"name": "u"}, "onDenied": "teapot"}),
                ),
                false,
            ),
            (
                document(
                    "RoutePolicy",
                    &json!({"allow": allow, "upstream": {"nam": "u"}}),
                ),
                false,
            ),
            (document("RoutePolicy", &json!({"allow": allow})), false),
            (
                document(
                    "RoutePolicy",
                    &json!({"allow": [{"callers": "all"}], "upstream": {"name": "u"}}),
                ),
                false,
            ),
            (
                document(
                    "RoutePolicy",
                    &json!({
                        "allow": allow,
                        "upstream": {"name": "u"},
                        "rateLimit": {"requests": -1, "per": "60s"},
                    }),
                ),
                false,
            ),
            (
                document(
                    "RoutePolicy",
                    &json!({
                        "allow": allow,
                        "upstream": {"name": "u"},
                        "rateLimit": {"requests": 1, "per": "soon"},
                    }),
                ),
                false,
            ),
            (
                document(
                    "RoutePolice",
                    &json!({"allow": allow, "upstream": {"name": "u"}}),
                ),
                false,
            ),
            (document("DenyList", &json!({"users": ["c"]})), false),
        ] {
            assert_eq!(schema.is_valid(&document), good, "{document}");
            let mut problems = Vec::new();
            crate::document::Documents::default().read(
                "d.yaml",
                &document.to_string(),
                &mut problems,
            );
            assert_eq!(problems.is_empty(), good, "{document}: {problems:?}");
        }
    }

    #[test]
    fn sample_policies_are_valid_by_schema_and_compiler() {
        let yaml = include_str!("../../../examples/policies/task-suite.yaml");
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
}
