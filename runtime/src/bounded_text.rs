use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

/// A string of 1 to `MAX` characters in a body or a query.
///
/// A longer string is answered with 422, so that it cannot fill a disk. U+0000 is invalid too,
/// because PostgreSQL's `text` cannot store it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct BoundedText<const MAX: usize>(String);

impl<const MAX: usize> BoundedText<MAX> {
    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for BoundedText<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if !(1..=MAX).contains(&length) {
            return Err(format!("expected 1 to {MAX} characters, found {length}"));
        }
        if text.contains('\0') {
            return Err("the character U+0000 cannot be stored".to_owned());
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> From<BoundedText<MAX>> for String {
    fn from(text: BoundedText<MAX>) -> Self {
        text.0
    }
}

/// Fields inline this schema (`#[schema(inline)]`), because each `MAX` has a schema of its own.
impl<const MAX: usize> utoipa::PartialSchema for BoundedText<MAX> {
    fn schema() -> RefOr<Schema> {
        let text: ObjectBuilder = Object::builder();
        text.schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .pattern(Some(r"^[^\u0000]+$"))
            .into()
    }
}

impl<const MAX: usize> utoipa::ToSchema for BoundedText<MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("TextOf{MAX}").into()
    }
}

/// The schema of a timestamp in a list.
#[must_use]
pub fn timestamp_schema() -> Object {
    Object::builder()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}
