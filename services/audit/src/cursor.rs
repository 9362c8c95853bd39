use std::fmt;

use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema, Type};

/// Cursor of a page, which begins before this position of the chain.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Cursor(i64);

impl Cursor {
    pub(crate) fn before(position: i64) -> Self {
        Self(position)
    }

    pub(crate) fn position(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let has_our_format =
            text.len() <= 16 && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        let position = text.parse().ok().filter(|_| has_our_format);
        position
            .map(Self)
            .ok_or("not a cursor of this list; take it from the Link header of the previous page")
    }
}

impl utoipa::PartialSchema for Cursor {
    fn schema() -> RefOr<Schema> {
        Object::builder()
            .schema_type(Type::String)
            .pattern(Some("^[1-9][0-9]{0,15}$"))
            .into()
    }
}

impl utoipa::ToSchema for Cursor {}
