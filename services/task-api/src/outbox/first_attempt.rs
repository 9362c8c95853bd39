use std::sync::Arc;
use std::time::Duration;

use portcullis_guard::BearerToken;
use portcullis_runtime::TraceFuture;
use sqlx::AnyConnection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::message::{Kind, Message};
use super::{Change, Report, Shared};

/// Messages of a transaction that is not yet committed.
#[derive(Debug)]
pub(crate) struct Enqueued {
    shared: Arc<Shared>,
    messages: Vec<Message>,
    before: Report,
    /// Absent if the maximum number of deliveries runs. The dispatcher then delivers the messages.
    permit: Option<OwnedSemaphorePermit>,
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
            // The token is held before the commit, because the dispatcher may claim the message
            // at once after it.
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

    /// Calls both services at the same time and waits for the outcomes until `deadline`.
    ///
    /// Call it after the commit. Slower attempts continue, and the dispatcher retries failed ones.
    pub(crate) async fn deliver(mut self, deadline: Instant) -> Report {
        let messages = std::mem::take(&mut self.messages);
        let before = self.before;
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
        // The outcomes are stored in the database after the deadline.
        let limit = deadline + Duration::from_millis(500);
        timeout_at(limit, receiver)
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or(before)
    }
}

impl Drop for Enqueued {
    /// Drops the tokens of messages that were not delivered, and so not committed.
    fn drop(&mut self) {
        for message in &self.messages {
            self.shared.tokens.forget(&message.idempotency_key);
        }
    }
}

/// Attempts all messages at the same time, and reports the outcomes at the user's deadline.
///
/// Slower attempts continue. Usually one transaction stores both outcomes, because each transaction
/// is an fsync on SQLite.
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
    // The client may have closed the connection.
    let _sent = user.send(report);
    while let Some(finished) = attempts.join_next().await {
        if let Ok(finished) = finished {
            shared.note(&[finished]).await;
        }
    }
}
