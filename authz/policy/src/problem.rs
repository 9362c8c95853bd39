use std::fmt;

use crate::yaml::Place;

/// A mistake in a policy document: where it is, and how to correct it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file.
    pub source: String,
    /// The line and the column in the file.
    pub place: Option<Place>,
    /// The document in the file, such as `RoutePolicy audit`, if the error is in one.
    pub document: Option<String>,
    /// The field, such as `spec.allow[0].callers`.
    pub path: Option<String>,
    /// The error and its fix.
    pub problem: String,
}

/// All policy errors of a set; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.lines().join("\n"))]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl PolicyError {
    /// A policy error of a whole file.
    #[must_use]
    pub fn of_file(source: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            place: None,
            document: None,
            path: None,
            problem: problem.into(),
        }
    }
}

impl PolicyErrors {
    /// One line for each error.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// Writes `file:line:column: document: field: problem`, which editors and terminals make a link.
impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.source)?;
        if let Some(Place { line, column }) = self.place {
            write!(formatter, "{line}:{column}:")?;
        }
        for place in [&self.document, &self.path].into_iter().flatten() {
            write!(formatter, " {place}:")?;
        }
        write!(formatter, " {}", self.problem)
    }
}
