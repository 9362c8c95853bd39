use portcullis_guard::BearerToken;
use serde::Serialize;

/// What happened to a task, in the words of the services' APIs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) enum Event {
    #[serde(rename = "task_created")]
    Created,
    #[serde(rename = "task_updated")]
    Updated,
    #[serde(rename = "task_deleted")]
    Deleted,
}

/// A change of a task and who made it.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) event: Event,
    pub(crate) task_id: i64,
    pub(crate) title: &'a str,
    pub(crate) tenant: &'a str,
    /// The user's object id: it never changes, as a display name does.
    pub(crate) actor: &'a str,
    /// Absent when the gateway's assertion came without the user's token; then nothing can be done on the user's behalf.
    pub(crate) token: Option<&'a BearerToken>,
    pub(crate) request_id: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Notification<'a> {
    event: Event,
    task_title: &'a str,
}

#[derive(Serialize)]
pub(super) struct AuditEntry<'a> {
    action: Event,
    resource_id: String,
    actor: &'a str,
    tenant_id: &'a str,
}

impl Change<'_> {
    pub(super) fn notification(&self) -> Notification<'_> {
        Notification { event: self.event, task_title: self.title }
    }

    pub(super) fn audit_entry(&self) -> AuditEntry<'_> {
        AuditEntry {
            action: self.event,
            resource_id: self.task_id.to_string(),
            actor: self.actor,
            tenant_id: self.tenant,
        }
    }
}
