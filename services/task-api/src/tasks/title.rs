use serde::Deserialize;
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

const MAX_CHARS: usize = 200;

/// A title: trimmed, not empty, of at most 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Title(String);

impl Title {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Title {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let title = raw.trim();
        match title.chars().count() {
            0 => Err("a title has at least one character other than blanks"),
            // PostgreSQL's text cannot store U+0000, and a terminal obeys escape sequences.
            1..=MAX_CHARS if title.chars().any(char::is_control) => {
                Err("a title has no control characters")
            }
            1..=MAX_CHARS => Ok(Self(title.to_owned())),
            _ => Err("a title has at most 200 characters"),
        }
    }
}

impl PartialSchema for Title {
    fn schema() -> RefOr<Schema> {
        // A visible character at both ends, and no control character (C0, DEL, C1) between.
        let visible = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$";
        let title: ObjectBuilder = Object::builder()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX_CHARS));
        title.pattern(Some(visible)).into()
    }
}

impl ToSchema for Title {}

#[cfg(test)]
mod tests {
    use super::Title;

    struct Case {
        name: &'static str,
        raw: String,
        title: Option<String>,
    }

    #[test]
    fn defect_14_title_is_trimmed_and_bounded_in_characters() {
        for Case { name, raw, title } in [
            Case {
                name: "blanks around",
                raw: "  milk ".to_owned(),
                title: Some("milk".to_owned()),
            },
            Case {
                name: "longest, of two bytes each",
                raw: "ä".repeat(200),
                title: Some("ä".repeat(200)),
            },
            Case {
                name: "longest, with blanks around",
                raw: format!("  {}  ", "x".repeat(200)),
                title: Some("x".repeat(200)),
            },
            Case {
                name: "too long",
                raw: "x".repeat(201),
                title: None,
            },
            Case {
                name: "empty",
                raw: String::new(),
                title: None,
            },
            Case {
                name: "only blanks",
                raw: " \u{2003}\t".to_owned(),
                title: None,
            },
            Case {
                name: "U+0000",
                raw: "nul\0".to_owned(),
                title: None,
            },
        ] {
            assert_eq!(
                Title::try_from(raw).ok().map(|title| title.0),
                title,
                "{name}"
            );
        }
    }
}
