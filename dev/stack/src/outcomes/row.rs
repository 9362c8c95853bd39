use crate::Answer;

/// One outcome: the attempt, the expected result and the real one.
#[derive(Clone, Debug)]
pub struct Row {
    /// The attempt.
    pub tried: String,
    /// The expected result.
    pub expected: String,
    /// The real result.
    pub got: String,
}

impl Row {
    /// Whether the result is the expected one.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.expected == self.got
    }
}

/// The rows of one group while they are collected.
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

    /// Adds a row about status and reason code.
    pub(crate) fn status(&mut self, tried: impl Into<String>, expected: &str, answer: &Answer) {
        self.add(tried, expected, answer.outcome());
    }

    /// Adds a row about status, reason code and challenge.
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
            format!("{}, {}", answer.outcome(), answer.challenge()),
        );
    }

    pub(crate) fn done(self) -> Vec<Row> {
        self.0
    }
}
