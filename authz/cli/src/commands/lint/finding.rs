use std::fmt;

use serde_json::{Value, json};

use super::code::Code;

/// A setting that opens a way round the gateway, or that lint cannot check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(super) place: Place,
    /// The path of the field, in Envoy's spelling.
    pub(super) field: String,
    pub(super) code: Code,
    /// The value that was found, as the end of a sentence about the field.
    pub(super) found: String,
}

/// A named part of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(super) file: String,
    /// For example `listener gateway`; empty for the file itself.
    pub(super) part: String,
}

impl Place {
    pub(super) fn new(file: impl Into<String>, part: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            part: part.into(),
        }
    }

    pub(super) fn finding(
        &self,
        code: Code,
        field: impl Into<String>,
        found: impl Into<String>,
    ) -> Finding {
        Finding {
            code,
            place: self.clone(),
            field: field.into(),
            found: found.into(),
        }
    }
}

impl Finding {
    /// The finding as an object of `--format json`.
    pub(super) fn to_json(&self) -> Value {
        let Self {
            code,
            place: Place { file, part },
            field,
            found,
        } = self;
        json!({"code": code.name(), "file": file, "place": part, "field": field, "found": found,
            "danger": code.danger(), "fix": code.fix()})
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            place: Place { file, part },
            field,
            found,
        } = self;
        for text in [file, part, field]
            .into_iter()
            .filter(|text| !text.is_empty())
        {
            write!(formatter, "{text}: ")?;
        }
        write!(formatter, "{found} [{}]", code.name())
    }
}
