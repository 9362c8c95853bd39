//! YAML with the place of each field, so that every error can be found in its file.

mod node;
mod places;

use std::fmt;

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter};

use node::Node;
pub(crate) use places::Places;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

/// One document: its value, where each field is, and which keys are there twice.
#[derive(Debug, Default)]
pub(crate) struct YamlDocument {
    pub(crate) value: Value,
    pub(crate) places: Places,
    /// Path and place of each key that an earlier one of its mapping equals.
    pub(crate) duplicates: Vec<(String, Place)>,
}

/// What is wrong with a text that is no YAML, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Where, if the parser says so.
    pub place: Option<Place>,
    /// What.
    pub problem: String,
}

impl Place {
    fn of(location: serde_saphyr::Location) -> Self {
        Self {
            line: location.line(),
            column: location.column(),
        }
    }
}

/// Every document of `text` that is not empty, up to the first that is not YAML.
pub(crate) fn documents(text: &str) -> Vec<Result<YamlDocument, YamlError>> {
    let mut bytes = text.as_bytes();
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::PassThrough, with_snippet: false };
    let nodes = serde_saphyr::read_with_options::<_, Node>(&mut bytes, options);
    nodes
        .map(|node| {
            Ok(YamlDocument::of(
                node.map_err(|error| YamlError::from(&error))?,
            ))
        })
        .collect()
}

/// The parser's message, which can span lines and speak of its own options, in one line of ours.
impl From<&Error> for YamlError {
    fn from(error: &Error) -> Self {
        let error = error.without_snippet();
        let place = error
            .location()
            .filter(|location| location.line() > 0)
            .map(Place::of);
        let problem = match error {
            Error::DuplicateMappingKey { key, .. } => {
                duplicate_key(key.as_deref().unwrap_or("a key"))
            }
            other => {
                let message = UserMessageFormatter.format_message(other);
                message
                    .chars()
                    .filter(|character| !character.is_control())
                    .collect()
            }
        };
        Self { place, problem }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(formatter, "line {line}, column {column}: ")?;
        }
        formatter.write_str(&self.problem)
    }
}

/// The error of a key that its mapping has twice.
pub(crate) fn duplicate_key(key: &str) -> String {
    format!("'{key}' is here a second time; keep one of them")
}

#[cfg(test)]
mod tests;
