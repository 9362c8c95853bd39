use crate::downstream::Event;

/// A change of a task, and who made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) event: Event,
    pub(crate) task_id: i64,
    /// The task's version after the change, so that a late delivery doesn't speak for a later one.
    pub(crate) task_version: i64,
    pub(crate) title: &'a str,
    pub(crate) tenant: &'a str,
    /// The user's object id: it never changes, as a display name does.
    pub(crate) actor: &'a str,
    pub(crate) request_id: Option<&'a str>,
}
