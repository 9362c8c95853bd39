use std::fmt;

/// One thing that is wrong with policy documents: where it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyProblem {
    /// The file.
    pub source: String,
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

impl PolicyProblems {
    /// A line for each problem.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.source)?;
        for place in [&self.document, &self.path].into_iter().flatten() {
            write!(formatter, "{place}: ")?;
        }
        formatter.write_str(&self.problem)
    }
}
