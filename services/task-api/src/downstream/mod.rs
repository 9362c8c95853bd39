//! The notification and the audit service, as this service calls them.
//!
//! The notification service hears of a change on behalf of the user (the user's token is exchanged in the user's tenant), the
//! audit service from this application itself (client credentials in the home tenant). Each call is one attempt; what becomes
//! of it is the outbox's business.

mod application;
mod call_error;
mod client_credentials;
mod event;
#[cfg(test)]
pub(crate) mod fake_servers;
mod on_behalf_of;
mod service;
#[cfg(test)]
mod tests;
mod token_endpoint;

use std::sync::Arc;

use portcullis_guard::BearerToken;
use serde::Serialize;

pub use application::{Application, ClientSecret};
pub(crate) use call_error::CallError;
use client_credentials::ClientCredentials;
pub(crate) use event::Event;
use on_behalf_of::OnBehalfOf;
use service::Service;
use token_endpoint::TokenEndpoint;

use crate::DownstreamSettings;

/// The two services that hear of changes.
#[derive(Debug)]
pub struct Downstream {
    notification: Service,
    on_behalf_of: OnBehalfOf,
    audit: Service,
    client_credentials: ClientCredentials,
}

/// What tells one delivery from another, and attempts of the same one from two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery<'a> {
    pub(crate) idempotency_key: &'a str,
    pub(crate) request_id: Option<&'a str>,
}

/// A notification to a user, in the user's name.
#[derive(Debug)]
pub(crate) struct Notification<'a> {
    pub(crate) event: Event,
    pub(crate) task_title: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) token: &'a BearerToken,
    pub(crate) delivery: Delivery<'a>,
}

/// An entry for the audit trail.
#[derive(Debug)]
pub(crate) struct AuditEntry<'a> {
    pub(crate) action: Event,
    pub(crate) resource_id: i64,
    /// The user's object id: it never changes, as a display name does.
    pub(crate) actor: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) delivery: Delivery<'a>,
}

#[derive(Serialize)]
struct NotificationBody<'a> {
    event: Event,
    task_title: &'a str,
}

#[derive(Serialize)]
struct AuditBody<'a> {
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
        }
    }

    /// Tries once to send a notification.
    pub(crate) async fn notify(&self, notification: &Notification<'_>) -> Result<(), CallError> {
        let Notification { event, task_title, tenant, token: assertion, delivery } = *notification;
        let token = self.on_behalf_of.token(tenant, assertion).await?;
        let sent = self.notification.post(&token, &NotificationBody { event, task_title }, delivery).await;
        if matches!(sent, Err(CallError::TokenNotAccepted)) {
            self.on_behalf_of.forget(tenant, assertion);
        }
        sent
    }

    /// Tries once to log an entry.
    pub(crate) async fn audit(&self, entry: &AuditEntry<'_>) -> Result<(), CallError> {
        let AuditEntry { action, resource_id, actor, tenant, delivery } = *entry;
        let token = self.client_credentials.token().await?;
        let body = AuditBody { action, resource_id: resource_id.to_string(), actor, tenant_id: tenant };
        let logged = self.audit.post(&token, &body, delivery).await;
        if matches!(logged, Err(CallError::TokenNotAccepted)) {
            self.client_credentials.forget().await;
        }
        logged
    }
}
