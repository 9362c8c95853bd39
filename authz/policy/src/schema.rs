use jsonschema::paths::Location;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::spec::{
    API_VERSION, DenyListSpec, DocumentSpec, Metadata, RoutePolicySpec, TokenIssuerSpec,
};

/// Most values of a document whose errors are collected at once.
///
/// The validator holds all errors in memory, about 1.5 KB for each, and a file can have 250,000.
const MOST_VALUES: usize = 20_000;

/// The JSON Schema (2020-12) of one policy document, for editors and CI.
///
/// It is generated from the types into which documents are parsed. `portcullis check` also finds
/// what a schema cannot express: names that do not exist, and rules that contradict themselves.
#[must_use]
pub fn schema() -> Value {
    let mut generator = settings().into_generator();
    let kinds = [
        kind::<TokenIssuerSpec>(&mut generator),
        kind::<RoutePolicySpec>(&mut generator),
        kind::<DenyListSpec>(&mut generator),
    ];
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Portcullis policy document",
        "oneOf": kinds,
        "$defs": definitions,
    })
}

/// The schema of the documents of one kind, ready to validate them.
pub(crate) struct KindSchema {
    schema: Value,
    validator: Validator,
}

impl KindSchema {
    /// Compiles the schema of the documents that have a `Spec`.
    #[expect(
        clippy::expect_used,
        reason = "the schema does not depend on input, and tests compile it"
    )]
    pub(crate) fn compile<Spec: DocumentSpec>() -> Self {
        let settings = settings().with_transform(RecursiveTransform(null_as_condition));
        let mut generator = settings.into_generator();
        let kind = kind::<Spec>(&mut generator);
        let definitions = generator.take_definitions(true);
        let schema = json!({"allOf": [kind], "$defs": definitions});
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            // Linear in the length of a string, unlike the default engine.
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .expect("the generated schema is valid");
        Self { schema, validator }
    }

    /// The errors of `document`; of a long one, only the first.
    pub(crate) fn errors<'a>(&'a self, document: &'a Value) -> Vec<ValidationError<'a>> {
        if count(document) > MOST_VALUES {
            self.validator
                .validate(document)
                .err()
                .into_iter()
                .collect()
        } else {
            self.validator.iter_errors(document).collect()
        }
    }

    /// The names of the fields in the object schema that has the keyword at `keyword`.
    pub(crate) fn properties_beside(&self, keyword: &Location) -> Vec<&str> {
        let object = keyword.as_str().rsplit_once('/').map(|(object, _)| object);
        object
            .and_then(|object| self.schema.pointer(object)?.get("properties")?.as_object())
            .into_iter()
            .flat_map(|properties| properties.keys().map(String::as_str))
            .collect()
    }
}

/// The number of values in `value`, itself included.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().for_deserialize()
}

fn kind<Spec: DocumentSpec>(generator: &mut SchemaGenerator) -> Value {
    json!({
        "title": Spec::KIND,
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": Spec::KIND},
            "metadata": generator.subschema_for::<Metadata>(),
            "spec": generator.subschema_for::<Spec>(),
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
    })
}

/// Replaces `anyOf: [X, null]`, which an optional field has, by a condition of the same meaning.
///
/// Then a mistake inside of X is an error of its own field, and not of the two alternatives.
fn null_as_condition(schema: &mut Schema) {
    let null = json!({"type": "null"});
    let Some(Value::Array(alternatives)) = schema.get("anyOf") else {
        return;
    };
    if let [value, other] = alternatives.as_slice()
        && *other == null
    {
        let value = value.clone();
        schema.remove("anyOf");
        schema.insert("if".to_owned(), null);
        schema.insert("else".to_owned(), value);
    }
}

#[cfg(test)]
mod tests;
