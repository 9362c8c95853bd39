//! Counts the replies to a group.

use crate::answer::Reply;

/// The counts of a group, and the findings of clients.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) cases: usize,
    pub(super) accepted: usize,
    pub(super) refused: usize,
    pub(super) closed: usize,
    pub(super) silent: usize,
    /// The numbers of cases, and what their clients observed.
    pub(super) wrong: Vec<(u32, String)>,
}

impl Tally {
    pub(super) fn count(&mut self, reply: &Reply) {
        self.cases += 1;
        match reply {
            Reply::Answer(answer) if answer.status < 400 => self.accepted += 1,
            Reply::Answer(_) => self.refused += 1,
            Reply::Closed => self.closed += 1,
            Reply::Silent => self.silent += 1,
        }
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.cases += other.cases;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.closed += other.closed;
        self.silent += other.silent;
        self.wrong.extend(other.wrong);
        self
    }
}
