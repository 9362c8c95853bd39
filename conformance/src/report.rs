//! What was tried, and what was found.

mod text;

use serde::Serialize;

/// The whole of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// In the order in which they were tried.
    pub groups: Vec<Group>,
}

/// Cases of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Such as `headers, protected, h1`.
    pub name: String,
    /// How many were sent.
    pub cases: usize,
    /// How many were answered with a status below 400.
    pub accepted: usize,
    /// How many were answered with another.
    pub refused: usize,
    /// How many connections or streams were closed instead.
    pub closed: usize,
    /// How many got nothing within the time limit.
    pub silent: usize,
    /// How many the echo saw.
    pub reached: usize,
    /// Why nothing was sent, if that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// What must not be.
    pub findings: Vec<Finding>,
}

/// One case that went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was tried.
    pub case: String,
    /// What the echo, or a client, saw.
    pub seen: String,
    /// What was sent, with its bytes escaped and its token left out.
    pub request: String,
}

impl Report {
    /// How many findings there are.
    #[must_use]
    pub fn findings(&self) -> usize {
        self.groups.iter().map(|group| group.findings.len()).sum()
    }

    /// The group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }
}
