use crate::Answer;

/// One thing that was tried.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was tried.
    pub tried: String,
    /// What had to come of it.
    pub expected: String,
    /// What came of it.
    pub got: String,
}

impl Row {
    /// Whether it is as it must be.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.expected == self.got
    }
}

/// Rows in the making.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<Row>);

impl Rows {
    pub(crate) fn add(
        &mut self,
        tried: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) {
        self.0.push(Row {
            tried: tried.into(),
            expected: expected.into(),
            got: got.into(),
        });
    }

    /// A row about status and reason code alone.
    pub(crate) fn verdict(&mut self, tried: impl Into<String>, expected: &str, answer: &Answer) {
        self.add(tried, expected, answer.verdict());
    }

    /// A row about status, reason code and challenge.
    pub(crate) fn challenge(
        &mut self,
        tried: impl Into<String>,
        expected: &str,
        challenge: &str,
        answer: &Answer,
    ) {
        self.add(
            tried,
            format!("{expected}, {challenge}"),
            format!("{}, {}", answer.verdict(), answer.challenge()),
        );
    }

    pub(crate) fn done(self) -> Vec<Row> {
        self.0
    }
}
