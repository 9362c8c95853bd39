use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::suggestion::{did_you_mean, quoted};
use crate::spec::{DURATION_PATTERN, not_a_duration};

/// The text of the policy error about the value of `error`.
pub(super) fn bad_value(error: &ValidationError<'_>) -> String {
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

/// The policy error about `given`, a value that `context` does not list.
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

/// `items` with commas between them, and `last` before the last one.
fn listed(mut items: Vec<&str>, last: &str) -> String {
    let end = items.pop().unwrap_or_default();
    if items.is_empty() {
        return end.to_owned();
    }
    format!("{}{last}{end}", items.join(", "))
}
