//! What a gateway does with what it was sent.

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// What came instead of an answer, or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer(Answer),
    /// The connection was closed, or the stream reset.
    Closed,
    /// Nothing within the time limit.
    Silent,
}

impl Reply {
    pub(crate) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::Closed | Self::Silent => None,
        }
    }
}
