use std::fmt::Write;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::case::Case;

/// The results of all cases, as text or JUnit XML.
#[derive(Debug)]
pub(super) struct Report {
    source: String,
    outcomes: Vec<(String, Vec<String>)>,
}

impl Report {
    pub(super) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            outcomes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, case: &Case, differences: Vec<String>) {
        self.outcomes.push((case.name.clone(), differences));
    }

    pub(super) fn failed(&self) -> usize {
        self.outcomes
            .iter()
            .filter(|(_, differences)| !differences.is_empty())
            .count()
    }

    /// A line for each case, its differences, and a line with the counts.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (name, differences) in &self.outcomes {
            let outcome = if differences.is_empty() {
                "ok    "
            } else {
                "FAILED"
            };
            // Writing to a string cannot fail.
            let _ok = writeln!(text, "{outcome} {name}");
            for difference in differences {
                let _ok = writeln!(text, "       {difference}");
            }
        }
        let _ok = writeln!(
            text,
            "{} passed, {} failed",
            self.outcomes.len() - self.failed(),
            self.failed()
        );
        text
    }

    pub(super) fn junit(&self) -> anyhow::Result<String> {
        let mut suite = TestSuite::new(self.source.clone());
        for (name, differences) in &self.outcomes {
            let status = if differences.is_empty() {
                TestCaseStatus::success()
            } else {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(differences.join("; "));
                status
            };
            suite.add_test_case(TestCase::new(name.clone(), status));
        }
        let mut report = quick_junit::Report::new("portcullis test");
        report.add_test_suite(suite);
        Ok(report.to_string()?)
    }
}
