//! The notification and the audit service, as this service calls them.
//!
//! The notification service hears of a change on behalf of the user (the user's token is exchanged
//! in the user's tenant), the audit service from this application itself (client credentials in the
//! home tenant). Each call is one attempt; what becomes of it is the outbox's business. What only
//! the user can mend is found out before the task changes.

mod call_error;
mod event;
#[cfg(test)]
pub(crate) mod fake_servers;
mod metrics;
mod service;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{StatusCode, header};
use portcullis_entra_client::{AccessToken, Application, Budget, EntraClient, TokenError};
use portcullis_guard::BearerToken;
use portcullis_runtime::{Problem, TraceFuture, TraceSpan};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

pub(crate) use call_error::CallError;
pub(crate) use event::Event;
pub(crate) use metrics::DownstreamMetrics;
pub(crate) use service::CallContext;
use service::Service;

use crate::DownstreamSettings;

/// The two services that hear of changes.
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

/// A notification to a user, in the user's name.
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
    /// The user's object id: it never changes, as a display name does.
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
    /// `services`, called through `http` as `application`.
    #[must_use]
    pub(crate) fn new(
        application: Application,
        services: &DownstreamSettings,
        http: reqwest::Client,
        metrics: DownstreamMetrics,
    ) -> Self {
        let timeout = services.downstream_timeout;
        // A token must leave time for the call that it is for.
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

    /// Before a task changes: 401 with a challenge when nothing will work on the user's behalf
    /// until the user has met it.
    ///
    /// The browser then repeats the whole request, so nothing may have changed by then. The token
    /// that this obtains serves the notification. What else goes wrong is no reason to refuse a
    /// change. Gives the time until which the user waits, which counts from now.
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
        let asked = self
            .entra
            .on_behalf_of(tenant, assertion.reveal(), &self.notification_scope);
        match timeout_at(started + self.timeout / 2, asked).await {
            Ok(Err(TokenError::InteractionRequired { challenge, .. })) => {
                let detail = "you have to sign in again with more proof, or to consent, before others can be told of a \
                              change in your name: request a token with the claims of WWW-Authenticate and repeat this \
                              request; nothing has changed";
                let problem =
                    Problem::new(StatusCode::UNAUTHORIZED, "interaction_required", detail);
                Err(problem.with_header(header::WWW_AUTHENTICATE, challenge.www_authenticate()))
            }
            _ => Ok(deadline),
        }
    }

    /// Tries to send a notification.
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
        let (assertion, scope) = (token.reveal(), self.notification_scope.as_str());
        let obtain = || self.entra.on_behalf_of(tenant, assertion, scope);
        let forget = |token: &AccessToken| {
            self.entra
                .forget_on_behalf_of(tenant, assertion, scope, token)
        };
        let body = NotificationBody { event, task_title };
        self.called(
            "notification",
            deliver(&self.notification, obtain, forget, &body, context),
        )
        .await
    }

    /// Tries to log an entry.
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

    /// Counts and traces a call, with the token that it needs.
    async fn called(
        &self,
        service: &'static str,
        call: impl Future<Output = Result<(), CallError>>,
    ) -> Result<(), CallError> {
        let span = TraceSpan::of_call(|| format!("tell {service}"));
        let answer = call.with_context(span.context()).await;
        if let Err(error) = &answer {
            span.failed(error.reason());
        }
        self.metrics.called(service, &answer);
        answer
    }
}

/// A token and the call; once more with a new token when the service does not accept the first, as
/// after its keys were replaced.
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
