//! Client of the notification and the audit service.
//!
//! It calls the notification service on behalf of the user: the user's token is exchanged in the
//! user's tenant. It calls the audit service as this application: client credentials in the home
//! tenant. Each call is one attempt, and the outbox handles its result. A claims challenge for the
//! user is detected before the task changes.

mod call_error;
mod event;
#[cfg(test)]
pub(crate) mod fake_servers;
mod metrics;
mod service;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{StatusCode, header};
use portcullis_entra_client::{AccessToken, Application, Budget, EntraClient, TokenError};
use portcullis_guard::BearerToken;
use portcullis_reason_codes::INTERACTION_REQUIRED;
use portcullis_runtime::{Problem, TraceFuture, TraceSpan};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

pub(crate) use call_error::CallError;
pub(crate) use event::Event;
pub(crate) use metrics::DownstreamMetrics;
pub(crate) use service::CallContext;
use service::Service;
pub use settings::DownstreamSettings;

/// The two services that receive changes.
#[derive(Debug)]
pub(crate) struct Downstream {
    entra: EntraClient,
    notification: Service,
    notification_scope: String,
    audit: Service,
    audit_scope: String,
    timeout: Duration,
    metrics: DownstreamMetrics,
}

/// A notification to a user, sent on the user's behalf.
#[derive(Debug)]
pub(crate) struct Notification<'a> {
    pub(crate) event: Event,
    pub(crate) task_title: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) token: &'a BearerToken,
}

/// An entry for the audit trail.
#[derive(Debug)]
pub(crate) struct AuditEntry<'a> {
    pub(crate) action: Event,
    pub(crate) resource_id: i64,
    /// The user's object id, which never changes, unlike a display name.
    pub(crate) actor: &'a str,
    pub(crate) tenant: &'a str,
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
    /// A client that calls `services` through `http` as `application`.
    #[must_use]
    pub(crate) fn new(
        application: Application,
        services: &DownstreamSettings,
        http: reqwest::Client,
        metrics: DownstreamMetrics,
    ) -> Self {
        let timeout = services.downstream_timeout;
        // The token request must leave time for the call itself.
        let budget = Budget::within(timeout / 4 * 3);
        Self {
            entra: EntraClient::new(http.clone(), application, budget, metrics.tokens.clone()),
            notification: Service::new(http.clone(), services.notification_url.clone(), "notify"),
            notification_scope: default_scope(&services.notification_client_id),
            audit: Service::new(http, services.audit_url.clone(), "audit"),
            audit_scope: default_scope(&services.audit_client_id),
            timeout,
            metrics,
        }
    }

    /// Checks before a change that the user has to meet no claims challenge first.
    ///
    /// A challenge is a 401. The browser then repeats the whole request, so nothing may have
    /// changed before. Other errors do not prevent the change. The obtained token is cached for the
    /// notification. Returns the time until which the user waits, counted from now.
    pub(crate) async fn admit(
        &self,
        tenant: &str,
        token: Option<&BearerToken>,
    ) -> Result<Instant, Problem> {
        let started = Instant::now();
        let deadline = started + self.timeout;
        let Some(assertion) = token else {
            return Ok(deadline);
        };
        let request = self
            .entra
            .on_behalf_of(tenant, assertion.reveal(), &self.notification_scope);
        match timeout_at(started + self.timeout / 2, request).await {
            Ok(Err(TokenError::InteractionRequired { challenge, .. })) => {
                let detail = "nothing has changed: you have to sign in again with a second \
                              factor, or to consent, before a notification can be sent on your \
                              behalf; request a token with the claims of WWW-Authenticate and \
                              repeat this request";
                let problem = Problem::new(StatusCode::UNAUTHORIZED, INTERACTION_REQUIRED, detail);
                Err(problem.with_header(header::WWW_AUTHENTICATE, challenge.www_authenticate()))
            }
            _ => Ok(deadline),
        }
    }

    /// Sends a notification, in one attempt.
    pub(crate) async fn notify(
        &self,
        notification: &Notification<'_>,
        context: &CallContext<'_>,
    ) -> Result<(), CallError> {
        let Notification {
            event,
            task_title,
            tenant,
            token,
        } = *notification;
        let assertion = token.reveal();
        let scope = self.notification_scope.as_str();
        let obtain = || self.entra.on_behalf_of(tenant, assertion, scope);
        let forget = |token: &AccessToken| {
            self.entra
                .forget_on_behalf_of(tenant, assertion, scope, token);
        };
        let body = NotificationBody { event, task_title };
        self.called(
            "notification",
            deliver(&self.notification, obtain, forget, &body, context),
        )
        .await
    }

    /// Logs an audit entry, in one attempt.
    pub(crate) async fn audit(
        &self,
        entry: &AuditEntry<'_>,
        context: &CallContext<'_>,
    ) -> Result<(), CallError> {
        let AuditEntry {
            action,
            resource_id,
            actor,
            tenant,
        } = *entry;
        let scope = self.audit_scope.as_str();
        let obtain = || self.entra.as_itself(scope);
        let forget = |token: &AccessToken| self.entra.forget_as_itself(scope, token);
        let body = AuditBody {
            action,
            resource_id: resource_id.to_string(),
            actor,
            tenant_id: tenant,
        };
        self.called(
            "audit",
            deliver(&self.audit, obtain, forget, &body, context),
        )
        .await
    }

    /// Counts and traces a call, including the request for its token.
    async fn called(
        &self,
        service: &'static str,
        call: impl Future<Output = Result<(), CallError>>,
    ) -> Result<(), CallError> {
        let span = TraceSpan::of_call(|| format!("call {service}"));
        let answer = call.with_context(span.context()).await;
        if let Err(error) = &answer {
            span.failed(error.reason());
        }
        self.metrics.called(service, &answer);
        answer
    }
}

/// Obtains a token and calls the service.
///
/// It repeats the call with a new token if the service does not accept the first one, as after a
/// replacement of the issuer's keys.
async fn deliver<F>(
    service: &Service,
    obtain: impl Fn() -> F,
    forget: impl Fn(&AccessToken),
    body: &impl Serialize,
    context: &CallContext<'_>,
) -> Result<(), CallError>
where
    F: Future<Output = Result<AccessToken, TokenError>>,
{
    let delivery = async {
        let token = obtain().await?;
        match service.post(&token, body, context).await {
            Err(CallError::TokenNotAccepted) => forget(&token),
            answer => return answer,
        }
        let token = obtain().await?;
        let answer = service.post(&token, body, context).await;
        if matches!(answer, Err(CallError::TokenNotAccepted)) {
            forget(&token);
        }
        answer
    };
    timeout_at(context.deadline, delivery)
        .await
        .unwrap_or(Err(CallError::DeadlineExceeded))
}

fn default_scope(client_id: &str) -> String {
    format!("api://{client_id}/.default")
}
