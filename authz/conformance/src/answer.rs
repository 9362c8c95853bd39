//! The reply of a gateway to a request.

/// The status and body of an HTTP answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// An answer, or the event that replaced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer(Answer),
    /// The peer closed the connection or reset the stream.
    Closed,
    /// No answer arrived within the timeout.
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
