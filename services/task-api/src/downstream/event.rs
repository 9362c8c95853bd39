use serde::{Serialize, Serializer};

/// What happened to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Created,
    Updated,
    Deleted,
}

impl Event {
    /// The name of the event in the services' APIs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "task_created",
            Self::Updated => "task_updated",
            Self::Deleted => "task_deleted",
        }
    }
}

impl TryFrom<String> for Event {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let found = [Self::Created, Self::Updated, Self::Deleted]
            .into_iter()
            .find(|event| event.as_str() == word);
        found.ok_or_else(|| format!("{word} is not an event"))
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
