use std::fmt;

use crate::yaml::Place;

/// One thing that is wrong with policy documents: where it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyProblem {
    /// The file.
    pub source: String,
    /// The line and the column in the file.
    pub place: Option<Place>,
    /// The document in the file, such as `RoutePolicy audit`, once it is known.
    pub document: Option<String>,
    /// The field, such as `spec.allow[0].callers`.
    pub path: Option<String>,
    /// What is wrong and how it should be.
    pub problem: String,
}

/// All that is wrong; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.lines().join("\n"))]
pub struct PolicyProblems(pub Vec<PolicyProblem>);

impl PolicyProblem {
    /// A problem of a whole file.
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

impl PolicyProblems {
    /// A line for each problem.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// `file:line:column: document: field: problem`, which editors and terminals make a link of.
impl fmt::Display for PolicyProblem {
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
