use std::sync::Arc;
use std::time::Duration;

use portcullis_guard::BearerToken;
use portcullis_runtime::TraceFuture;
use sqlx::AnyConnection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::delivery::Attempted;
use super::message::{Kind, Message, Outcome};
use super::{Change, Shared};
use crate::tasks::{AuditStatus, NotificationStatus};

/// What the services were told of a change so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) notification: NotificationStatus,
    pub(crate) notification_reason: Option<&'static str>,
    pub(crate) audit: AuditStatus,
}

/// Messages in a transaction that is not committed yet.
#[derive(Debug)]
pub(crate) struct Enqueued {
    shared: Arc<Shared>,
    messages: Vec<Message>,
    before: Report,
    /// Absent when as many deliveries run as may: then the dispatcher has the messages, when it
    /// comes to them.
    permit: Option<OwnedSemaphorePermit>,
}

impl Report {
    /// What a change's statuses are before anybody was told. Without the user's token nothing can
    /// be done in the user's name.
    pub(crate) fn before(token: Option<&BearerToken>) -> Self {
        let (notification, notification_reason) = match token {
            Some(_) => (NotificationStatus::Pending, None),
            None => (NotificationStatus::Failed, Some("no_user_token")),
        };
        Self {
            notification,
            notification_reason,
            audit: AuditStatus::Pending,
        }
    }

    fn add(&mut self, attempted: &Attempted) {
        match (attempted.message.kind, attempted.outcome) {
            (Kind::Notification, Outcome::Delivered) => {
                self.notification = NotificationStatus::Sent
            }
            (Kind::Notification, Outcome::GivenUp(reason)) => {
                (self.notification, self.notification_reason) =
                    (NotificationStatus::Failed, Some(reason));
            }
            (Kind::Audit, Outcome::Delivered) => self.audit = AuditStatus::Logged,
            _ => {}
        }
    }
}

impl Enqueued {
    pub(super) async fn add(
        shared: &Arc<Shared>,
        transaction: &mut AnyConnection,
        change: &Change<'_>,
        token: Option<&BearerToken>,
    ) -> sqlx::Result<Self> {
        let permit = Arc::clone(&shared.permits).try_acquire_owned().ok();
        let pause = if permit.is_some() {
            shared.pace.claim
        } else {
            Duration::ZERO
        };
        let mut messages = vec![
            shared
                .store
                .add(transaction, Kind::Audit, change, pause)
                .await?,
        ];
        if let Some(token) = token {
            let message = shared
                .store
                .add(transaction, Kind::Notification, change, pause)
                .await?;
            // Before the commit: from then on the dispatcher may come upon the message.
            shared.tokens.hold(&message.idempotency_key, token.clone());
            messages.push(message);
        }
        Ok(Self {
            shared: Arc::clone(shared),
            messages,
            before: Report::before(token),
            permit,
        })
    }

    /// Tells both services at once, after the commit, and waits until `deadline` for how it goes.
    /// What takes longer goes on, and what fails is left to the dispatcher.
    pub(crate) async fn deliver(mut self, deadline: Instant) -> Report {
        let (messages, before) = (std::mem::take(&mut self.messages), self.before);
        let shared = Arc::clone(&self.shared);
        let Some(permit) = self.permit.take() else {
            shared.wake.notify_one();
            return before;
        };
        let (sender, receiver) = oneshot::channel();
        let work = Arc::clone(&shared);
        let attempt = async move {
            let _permit = permit;
            attempt_at_once(&work, messages, deadline, before, sender).await;
        };
        shared.running.spawn(attempt.with_current_context());
        // Noting it in the database comes on top of the wait.
        let limit = deadline + Duration::from_millis(500);
        timeout_at(limit, receiver)
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or(before)
    }
}

impl Drop for Enqueued {
    /// Not delivered, so not committed.
    fn drop(&mut self) {
        for message in &self.messages {
            self.shared.tokens.forget(&message.idempotency_key);
        }
    }
}

/// Reports what is known at the user's deadline, and then sees the rest through. Both outcomes are
/// usually stored in one transaction: on SQLite each is an fsync.
async fn attempt_at_once(
    shared: &Arc<Shared>,
    messages: Vec<Message>,
    deadline: Instant,
    before: Report,
    user: oneshot::Sender<Report>,
) {
    let mut attempts = JoinSet::new();
    for message in messages {
        let shared = Arc::clone(shared);
        attempts.spawn(async move { shared.attempt(message).await }.with_current_context());
    }
    let mut report = before;
    let mut attempted = Vec::new();
    while let Ok(Some(finished)) = timeout_at(deadline, attempts.join_next()).await {
        attempted.extend(finished.inspect(|finished| report.add(finished)));
    }
    shared.note(&attempted).await;
    // The user may have gone.
    let _unheard = user.send(report);
    while let Some(finished) = attempts.join_next().await {
        if let Ok(finished) = finished {
            shared.note(&[finished]).await;
        }
    }
}
