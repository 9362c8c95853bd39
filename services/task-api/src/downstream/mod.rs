//! Tells the notification and the audit service of each change of a task.
//!
//! The notification service hears it on behalf of the user (the user's token is exchanged in the user's tenant), the audit
//! service from this application itself (client credentials in the home tenant). A failure is a status, never an error:
//! the task has changed already. What only the user can mend is found out before the task changes.

mod call_error;
mod change;
#[cfg(test)]
pub(crate) mod fake_servers;
mod metrics;
mod service;
mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{StatusCode, header};
use portcullis_entra_client::{AccessToken, Application, Budget, EntraClient, TokenError};
use portcullis_guard::BearerToken;
use portcullis_runtime::Problem;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

pub(crate) use call_error::CallError;
pub(crate) use change::{Change, Event};
pub use metrics::DownstreamMetrics;
pub(crate) use service::CallContext;
use service::Service;
pub(crate) use status::{AuditStatus, NotificationStatus, Outcome};

use crate::DownstreamSettings;

/// The two services that hear of changes.
#[derive(Debug)]
pub struct Downstream {
    entra: EntraClient,
    notification: Service,
    notification_scope: String,
    audit: Service,
    audit_scope: String,
    timeout: Duration,
    metrics: DownstreamMetrics,
}

impl Downstream {
    /// `services`, called through `http` as `application`.
    #[must_use]
    pub fn new(
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

    /// Before a task changes: 401 with a challenge when nothing will work on the user's behalf until the user has met it.
    ///
    /// The browser then repeats the whole request, so nothing may have changed by then. The token that this obtains serves the
    /// notification. What else goes wrong is no reason to refuse a change. Gives the deadline of both calls, which counts from now.
    pub(crate) async fn admit(&self, tenant: &str, token: Option<&BearerToken>) -> Result<Instant, Problem> {
        let started = Instant::now();
        let deadline = started + self.timeout;
        let Some(assertion) = token else { return Ok(deadline) };
        let asked = self.entra.on_behalf_of(tenant, assertion.reveal(), &self.notification_scope);
        match timeout_at(started + self.timeout / 2, asked).await {
            Ok(Err(TokenError::InteractionRequired { challenge, .. })) => {
                let detail = "you have to sign in again with more proof, or to consent, before others can be told of a \
                              change in your name: request a token with the claims of WWW-Authenticate and repeat this \
                              request; nothing has changed";
                let problem = Problem::new(StatusCode::UNAUTHORIZED, "interaction_required", detail);
                Err(problem.with_header(header::WWW_AUTHENTICATE, challenge.www_authenticate()))
            }
            _ => Ok(deadline),
        }
    }

    /// Tells both services at the same time, and waits no longer than the deadline for both together.
    pub(crate) async fn announce(&self, change: &Change<'_>, deadline: Instant) -> Outcome {
        let context = CallContext { request_id: change.request_id, idempotency_key: None, deadline };
        let (notification, audit) = tokio::join!(self.announce_notification(change, &context), async {
            match self.audit(&change.audit_entry(), &context).await {
                Ok(()) => AuditStatus::Logged,
                Err(error) => {
                    log_failure("audit", change, error);
                    AuditStatus::Failed
                }
            }
        });
        Outcome { notification, audit }
    }

    async fn announce_notification(&self, change: &Change<'_>, context: &CallContext<'_>) -> NotificationStatus {
        let Some(assertion) = change.token else { return NotificationStatus::Unknown };
        match self.notify(change.tenant, assertion, &change.notification(), context).await {
            Ok(()) => NotificationStatus::Sent,
            Err(error) => {
                log_failure("notification", change, error);
                NotificationStatus::Failed
            }
        }
    }

    /// Posts `body` to the notification service in the name of the user whose token is `assertion`.
    pub(crate) async fn notify(
        &self,
        tenant: &str,
        assertion: &BearerToken,
        body: &impl Serialize,
        context: &CallContext<'_>,
    ) -> Result<(), CallError> {
        let (assertion, scope) = (assertion.reveal(), self.notification_scope.as_str());
        let obtain = || self.entra.on_behalf_of(tenant, assertion, scope);
        let forget = |token: &AccessToken| self.entra.forget_on_behalf_of(tenant, assertion, scope, token);
        let answer = deliver(&self.notification, obtain, forget, body, context).await;
        self.metrics.called("notification", &answer);
        answer
    }

    /// Posts `body` to the audit service in this application's own name.
    pub(crate) async fn audit(&self, body: &impl Serialize, context: &CallContext<'_>) -> Result<(), CallError> {
        let scope = self.audit_scope.as_str();
        let obtain = || self.entra.as_itself(scope);
        let forget = |token: &AccessToken| self.entra.forget_as_itself(scope, token);
        let answer = deliver(&self.audit, obtain, forget, body, context).await;
        self.metrics.called("audit", &answer);
        answer
    }
}

/// A token and the call; once more with a new token when the service does not accept the first, as after its keys were replaced.
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
    timeout_at(context.deadline, delivery).await.unwrap_or(Err(CallError::DeadlineExceeded))
}

fn default_scope(client_id: &str) -> String {
    format!("api://{client_id}/.default")
}

fn log_failure(service: &str, change: &Change<'_>, error: CallError) {
    let (event, task_id, request_id) = (change.event, change.task_id, change.request_id);
    let (reason, transient) = (error.reason(), error.is_transient());
    let cause = anyhow::Error::from(error);
    tracing::warn!(
        service,
        ?event,
        task_id,
        request_id,
        reason,
        transient,
        cause = format!("{cause:#}"),
        "a service was not told of a change"
    );
}
