//! Tells the notification and the audit service of each change of a task.
//!
//! The notification service hears it on behalf of the user (the user's token is exchanged in the user's tenant), the audit
//! service from this application itself (client credentials in the home tenant). A failure is a status, never an error:
//! the task has changed already.

mod application;
mod call_error;
mod client_credentials;
#[cfg(test)]
pub(crate) mod fake_servers;
mod on_behalf_of;
mod service;
mod status;
#[cfg(test)]
mod tests;
mod token_endpoint;

use std::sync::Arc;
use std::time::Duration;

use portcullis_guard::BearerToken;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

pub use application::{Application, ClientSecret};
use call_error::CallError;
use client_credentials::ClientCredentials;
use on_behalf_of::OnBehalfOf;
use service::Service;
pub(crate) use status::{AuditStatus, NotificationStatus, Outcome};
use token_endpoint::TokenEndpoint;

use crate::DownstreamSettings;

/// The two services that hear of changes.
#[derive(Debug)]
pub struct Downstream {
    notification: Service,
    on_behalf_of: OnBehalfOf,
    audit: Service,
    client_credentials: ClientCredentials,
    deadline: Duration,
}

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
struct Notification<'a> {
    event: Event,
    task_title: &'a str,
}

#[derive(Serialize)]
struct AuditEntry<'a> {
    action: Event,
    resource_id: String,
    actor: &'a str,
    tenant_id: &'a str,
}

impl Downstream {
    /// `services`, called through `http` as `application`.
    #[must_use]
    pub fn new(application: Application, services: &DownstreamSettings, http: reqwest::Client) -> Self {
        let home_tenant = application.home_tenant.clone();
        let endpoint = Arc::new(TokenEndpoint::new(http.clone(), application));
        Self {
            notification: Service::new(http.clone(), services.notification_url.clone(), "notify"),
            on_behalf_of: OnBehalfOf::new(Arc::clone(&endpoint), &services.notification_client_id),
            audit: Service::new(http, services.audit_url.clone(), "audit"),
            client_credentials: ClientCredentials::new(endpoint, home_tenant, &services.audit_client_id),
            deadline: services.downstream_timeout,
        }
    }

    /// Tells both services at the same time, and waits no longer than the deadline for both together.
    pub(crate) async fn announce(&self, change: &Change<'_>) -> Outcome {
        let deadline = Instant::now() + self.deadline;
        let (notification, audit) = tokio::join!(self.notify(change, deadline), self.log(change, deadline));
        Outcome { notification, audit }
    }

    async fn notify(&self, change: &Change<'_>, deadline: Instant) -> NotificationStatus {
        let Some(assertion) = change.token else {
            return NotificationStatus::Unknown;
        };
        let delivery = async {
            let token = self.on_behalf_of.token(change.tenant, assertion).await?;
            let body = Notification { event: change.event, task_title: change.title };
            let delivered = self.notification.post(&token, &body, change.request_id).await;
            if matches!(delivered, Err(CallError::TokenNotAccepted)) {
                self.on_behalf_of.forget(change.tenant, assertion);
            }
            delivered
        };
        match within(deadline, delivery).await {
            Ok(()) => NotificationStatus::Sent,
            Err(error) => {
                log_failure("notification", change, error);
                NotificationStatus::Failed
            }
        }
    }

    async fn log(&self, change: &Change<'_>, deadline: Instant) -> AuditStatus {
        let delivery = async {
            let token = self.client_credentials.token().await?;
            let body = AuditEntry {
                action: change.event,
                resource_id: change.task_id.to_string(),
                actor: change.actor,
                tenant_id: change.tenant,
            };
            let delivered = self.audit.post(&token, &body, change.request_id).await;
            if matches!(delivered, Err(CallError::TokenNotAccepted)) {
                self.client_credentials.forget().await;
            }
            delivered
        };
        match within(deadline, delivery).await {
            Ok(()) => AuditStatus::Logged,
            Err(error) => {
                log_failure("audit", change, error);
                AuditStatus::Failed
            }
        }
    }
}

async fn within(deadline: Instant, delivery: impl Future<Output = Result<(), CallError>>) -> Result<(), CallError> {
    timeout_at(deadline, delivery).await.unwrap_or(Err(CallError::DeadlineExceeded))
}

fn log_failure(service: &str, change: &Change<'_>, error: CallError) {
    let (event, task_id, request_id) = (change.event, change.task_id, change.request_id);
    let cause = anyhow::Error::from(error);
    tracing::warn!(
        service,
        ?event,
        task_id,
        request_id,
        cause = format!("{cause:#}"),
        "a service was not told of a change"
    );
}
