//! Parses YAML with the place of each field, so that policy errors name their line and column.

mod node;
mod places;

use std::fmt;

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter};

use node::Node;
pub use places::Places;
pub(crate) use places::{element, member};

/// A line and a column, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

/// One YAML document: its value, the places of its fields, and its duplicate keys.
#[derive(Debug, Default)]
pub(crate) struct YamlDocument {
    pub(crate) value: Value,
    pub(crate) places: Places,
    /// Path and place of each key that its mapping has already.
    pub(crate) duplicates: Vec<(String, Place)>,
}

/// A syntax error in YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// The place, if the parser knows it.
    pub place: Option<Place>,
    /// The parser's message.
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

/// Parses every document of `text` that is not empty, up to the first that is not YAML.
pub(crate) fn documents(text: &str) -> Vec<Result<YamlDocument, YamlError>> {
    let mut bytes = text.as_bytes();
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    };
    let nodes = serde_saphyr::read_with_options::<_, Node>(&mut bytes, options);
    nodes
        .map(|node| {
            Ok(YamlDocument::of(
                node.map_err(|error| YamlError::from(&error))?,
            ))
        })
        .collect()
}

/// The places of the fields of the first document in `text`; none if it is not YAML.
#[must_use]
pub fn places(text: &str) -> Places {
    let first = documents(text).into_iter().next();
    first
        .and_then(Result::ok)
        .map_or_else(Places::default, |document| document.places)
}

/// Puts the parser's message in one line, and replaces the message about duplicate keys, which
/// names the parser's options.
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

/// The error about a duplicate key.
pub(crate) fn duplicate_key(key: &str) -> String {
    format!("'{key}' is here a second time; keep one of them")
}

#[cfg(test)]
mod tests;
