use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::Location;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::bad_value::bad_value;
use super::pointer::field_path;
use super::suggestion::{closest, quoted};
use crate::schema::KindSchema;
use crate::yaml::Places;

/// A mistake in a document that keeps it from being read.
pub(super) struct Mistake {
    /// The field, such as `spec.allow[0].callers`.
    pub(super) path: String,
    /// The text of the error, without the field.
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
