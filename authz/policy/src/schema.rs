use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::spec::{API_VERSION, DenyListSpec, Metadata, RoutePolicySpec, TokenIssuerSpec};

/// The JSON Schema (2020-12) of one policy document, generated from the types that documents are parsed into. For editors and CI;
/// what a schema cannot say (names that lead nowhere, rules that contradict themselves), `portcullis check` finds.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
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
