use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::Location;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::pointer::field_path;
use super::suggestion::{closest, did_you_mean};
use crate::schema::KindSchema;
use crate::spec::{DURATION_PATTERN, not_a_duration};
use crate::yaml::Places;

/// A mistake in a document that keeps it from being read.
pub(super) struct Mistake {
    /// The field, such as `spec.allow[0].callers`.
    pub(super) path: String,
    /// What is wrong with it.
    pub(super) problem: String,
    /// The member without which the rest of the document may be readable.
    pub(super) bad: Location,
    /// Whether the field is missing.
    pub(super) is_missing: bool,
    /// The field that an unknown one was probably meant to be.
    pub(super) meant: Option<String>,
}

impl Mistake {
    /// The mistakes that `error` of `schema` reports in `document`.
    pub(super) fn against_schema(
        error: &ValidationError<'_>,
        document: &Value,
        schema: &KindSchema,
    ) -> Vec<Self> {
        let at = error.instance_path();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = schema.properties_beside(error.schema_path());
                let unknown = |name: &String| Self::unknown_field(document, at, name, &known);
                unexpected.iter().map(unknown).collect()
            }
            ValidationErrorKind::Required { property } => {
                let field = at.join(property.as_str().unwrap_or_default());
                vec![Self {
                    is_missing: true,
                    bad: at.clone(),
                    ..Self::at(document, field, "is missing".to_owned())
                }]
            }
            _ => vec![Self::at(document, at.clone(), bad_value(error))],
        }
    }

    fn unknown_field(document: &Value, object: &Location, name: &str, known: &[&str]) -> Self {
        let meant = closest(name, known);
        let problem = match meant {
            Some(meant) => format!("unknown field `{name}`; did you mean {meant}?"),
            None => format!("unknown field `{name}`, expected one of {}", quoted(known)),
        };
        Self {
            meant: meant.map(|meant| field_path(document, object.join(meant).as_str())),
            ..Self::at(document, object.join(name), problem)
        }
    }

    /// The mistake that the value at `bad` is.
    fn at(document: &Value, bad: Location, problem: String) -> Self {
        Self {
            path: field_path(document, bad.as_str()),
            problem,
            bad,
            is_missing: false,
            meant: None,
        }
    }

    /// The mistake that the parser found in a `document` that fits the schema.
    ///
    /// A schema cannot say all that the types of the fields say: it knows no largest duration.
    pub(super) fn of_parser(
        error: &serde_path_to_error::Error<serde_json::Error>,
        document: &Value,
    ) -> Self {
        let bad = error
            .path()
            .iter()
            .fold(Location::new(), |at, segment| match segment {
                Segment::Seq { index } => at.join(*index),
                Segment::Map { key } => at.join(key),
                Segment::Enum { .. } | Segment::Unknown => at,
            });
        Self::at(document, bad, error.inner().to_string())
    }

    /// The mistake with its paths as written, where elements were removed from the document.
    pub(super) fn with_written_paths(self, places: &Places) -> Self {
        Self {
            path: places.as_written(&self.path),
            meant: self.meant.map(|path| places.as_written(&path)),
            ..self
        }
    }
}

fn bad_value(error: &ValidationError<'_>) -> String {
    let given = error.instance();
    match error.kind() {
        ValidationErrorKind::Constant { expected_value } => {
            let [given, expected] = [given.as_ref(), expected_value.as_ref()].map(plain);
            format!("'{given}' is not supported; write {expected}")
        }
        ValidationErrorKind::OneOfNotValid { context } => unknown_value(given, context),
        ValidationErrorKind::AnyOf { context } => {
            let types = context.iter().flatten().flat_map(types_of).collect();
            format!("neither {}", listed(types, " nor "))
        }
        ValidationErrorKind::Type { .. } => {
            format!(
                "invalid type: {}, expected {}",
                described(given),
                listed(types_of(error), " or ")
            )
        }
        ValidationErrorKind::Pattern { pattern } if pattern == DURATION_PATTERN => {
            not_a_duration(&plain(given))
        }
        ValidationErrorKind::Minimum { limit } => format!("is less than {limit}"),
        // Our schema has no other keyword that a value can fail.
        _ => error.to_string(),
    }
}

/// The error about `given`, which is none of the words that the alternatives of `context` name.
fn unknown_value(given: &Value, context: &[Vec<ValidationError<'_>>]) -> String {
    let words: Vec<&str> = context
        .iter()
        .flatten()
        .filter_map(|error| match error.kind() {
            ValidationErrorKind::Constant { expected_value } => expected_value.as_str(),
            _ => None,
        })
        .collect();
    let expected = format!("expected one of {}", quoted(&words));
    match given.as_str() {
        Some(word) => {
            let hint = did_you_mean(word, &words);
            format!("unknown value `{word}`, {expected}{hint}")
        }
        None => format!("invalid type: {}, {expected}", described(given)),
    }
}

/// The types that `error` expects, apart from `null`, which stands for an absent field.
fn types_of(error: &ValidationError<'_>) -> Vec<&'static str> {
    let types = match error.kind() {
        ValidationErrorKind::Type {
            kind: TypeKind::Single(one),
        } => vec![*one],
        ValidationErrorKind::Type {
            kind: TypeKind::Multiple(several),
        } => several.iter().collect(),
        _ => Vec::new(),
    };
    types.into_iter().flat_map(names).copied().collect()
}

fn names(kind: JsonType) -> &'static [&'static str] {
    match kind {
        JsonType::Null => &[],
        JsonType::Boolean => &["true", "false"],
        JsonType::Integer => &["a whole number"],
        JsonType::Number => &["a number"],
        JsonType::String => &["a string"],
        JsonType::Array => &["a list"],
        JsonType::Object => &["a mapping"],
    }
}

/// `value` in an error. Lists and mappings are too long to show.
fn described(value: &Value) -> String {
    match value {
        Value::String(_) => format!("string {value}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        scalar => scalar.to_string(),
    }
}

/// `value` as a document has it, a string without quotes.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// `items` with commas between them, and `last` before the last one.
fn listed(mut items: Vec<&str>, last: &str) -> String {
    let end = items.pop().unwrap_or_default();
    if items.is_empty() {
        return end.to_owned();
    }
    format!("{}{last}{end}", items.join(", "))
}
