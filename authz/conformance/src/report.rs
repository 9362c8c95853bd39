//! The report of a run.

mod text;

use serde::Serialize;

/// The results of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The groups, in the order of the run.
    pub groups: Vec<Group>,
}

/// The results of one group of cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The name, such as `headers, protected, h1`.
    pub name: String,
    /// Number of cases sent.
    pub cases: usize,
    /// Number of answers with a status below 400.
    pub accepted: usize,
    /// Number of answers with a status of 400 or more.
    pub refused: usize,
    /// Number of connections or streams closed without an answer.
    pub closed: usize,
    /// Number of cases without an answer within the timeout.
    pub silent: usize,
    /// Number of cases that reached the echo.
    pub reached: usize,
    /// The reason why the group was skipped, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// One case that passed the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The description of the case.
    pub case: String,
    /// The observation at the echo or a client.
    pub seen: String,
    /// The request, with escaped bytes and without its token.
    pub request: String,
}

impl Report {
    /// The number of findings.
    #[must_use]
    pub fn findings(&self) -> usize {
        self.groups.iter().map(|group| group.findings.len()).sum()
    }

    /// The group with this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The report as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// The report as text.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }
}
