use crate::downstream::Event;

/// A change of a task and its actor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) event: Event,
    pub(crate) task_id: i64,
    /// The task's version after the change. A late delivery does not set a later change's status.
    pub(crate) task_version: i64,
    pub(crate) title: &'a str,
    pub(crate) tenant: &'a str,
    /// The user's object id, which never changes, unlike a display name.
    pub(crate) actor: &'a str,
    pub(crate) request_id: Option<&'a str>,
}
