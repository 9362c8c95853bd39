//! Attempts to deliver messages, and the record of their outcomes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use super::backoff::pause;
use super::message::{Kind, Message, Outcome};
use super::note::Note;
use crate::downstream::{AuditEntry, CallContext, CallError, Notification};

/// A message after an attempt.
#[derive(Debug)]
pub(super) struct Attempted {
    pub(super) message: Message,
    pub(super) outcome: Outcome,
    pause: Duration,
}

impl Attempted {
    pub(super) fn note(&self) -> Note<'_> {
        match self.outcome {
            Outcome::Delivered => Note::Delivered(&self.message),
            Outcome::Postponed => Note::Postponed(&self.message, self.pause),
            Outcome::GivenUp(reason) => Note::GivenUp(&self.message, reason),
        }
    }
}

impl Shared {
    pub(super) async fn attempt(&self, message: Message) -> Attempted {
        let result = match message.kind {
            Kind::Notification => match self.tokens.of(&message.idempotency_key) {
                Ok(token) => self.notify(&message, &token).await,
                Err(reason) => Err(Failure {
                    reason,
                    is_final: true,
                    cause: None,
                }),
            },
            Kind::Audit => self.audit(&message).await,
        };
        let (outcome, retry_after) = match result {
            Ok(()) => (Outcome::Delivered, None),
            Err(failure) => {
                let retry_after = failure.cause.as_ref().and_then(CallError::retry_after);
                (failed(&message, failure), retry_after)
            }
        };
        self.metrics.attempted(message.kind, outcome);
        let attempts = u32::try_from(message.attempts)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let own_pause = pause(&self.pace, attempts);
        // `Retry-After` may lengthen the pause, up to the longest pause.
        let pause = retry_after.map_or(own_pause, |pause| {
            pause.clamp(own_pause, self.pace.longest_pause.max(own_pause))
        });
        Attempted {
            message,
            outcome,
            pause,
        }
    }

    async fn notify(
        &self,
        message: &Message,
        token: &portcullis_guard::BearerToken,
    ) -> Result<(), Failure> {
        let notification = Notification {
            event: message.event,
            task_title: &message.task_title,
            tenant: &message.tenant_id,
            token,
        };
        self.downstream
            .notify(&notification, &self.context(message))
            .await
            .map_err(Failure::of)
    }

    async fn audit(&self, message: &Message) -> Result<(), Failure> {
        let entry = AuditEntry {
            action: message.event,
            resource_id: message.task_id,
            actor: &message.actor_id,
            tenant: &message.tenant_id,
        };
        self.downstream
            .audit(&entry, &self.context(message))
            .await
            .map_err(Failure::of)
    }

    fn context<'a>(&self, message: &'a Message) -> CallContext<'a> {
        CallContext {
            request_id: message.request_id.as_deref(),
            idempotency_key: &message.idempotency_key,
            deadline: Instant::now() + self.pace.attempt,
        }
    }

    /// Stores the outcomes of attempts.
    ///
    /// If that fails, the messages are retried when their claim ends, and the receivers detect the
    /// repetition by the key.
    pub(super) async fn note(&self, attempted: &[Attempted]) {
        let notes: Vec<_> = attempted.iter().map(Attempted::note).collect();
        if let Err(error) = self.store.note(&notes).await {
            tracing::error!(
                cause = %error,
                "cannot store the outcomes of deliveries; they will be repeated"
            );
            return;
        }
        for Attempted {
            message, outcome, ..
        } in attempted
        {
            if *outcome != Outcome::Postponed {
                self.tokens.forget(&message.idempotency_key);
            }
            self.note_receiver(message.kind, *outcome).await;
        }
    }

    /// Notes whether the receiver is down.
    ///
    /// The first success after failures makes the postponed messages due at once, so that they do
    /// not wait for the end of their long pauses.
    async fn note_receiver(&self, kind: Kind, outcome: Outcome) {
        let is_down = self.down.of(kind);
        match outcome {
            Outcome::Postponed => is_down.store(true, Ordering::Relaxed),
            Outcome::Delivered if is_down.swap(false, Ordering::Relaxed) => {
                if let Err(error) = self.store.make_due(kind).await {
                    tracing::warn!(
                        cause = %error,
                        "cannot make postponed messages due; they wait until their pauses end"
                    );
                }
                self.wake.notify_one();
            }
            _ => {}
        }
    }
}

#[derive(Debug)]
struct Failure {
    reason: &'static str,
    is_final: bool,
    cause: Option<CallError>,
}

impl Failure {
    fn of(cause: CallError) -> Self {
        Self {
            reason: cause.reason(),
            is_final: !cause.is_transient(),
            cause: Some(cause),
        }
    }
}

/// The outcome of a failed attempt, which is logged.
///
/// An audit entry is never given up, because an operator can correct the setting for which the
/// service denies it.
fn failed(message: &Message, failure: Failure) -> Outcome {
    let outcome = match (message.kind, failure.is_final) {
        (Kind::Notification, true) => Outcome::GivenUp(failure.reason),
        _ => Outcome::Postponed,
    };
    let cause = failure
        .cause
        .map(|cause| format!("{:#}", anyhow::Error::from(cause)));
    tracing::warn!(
        kind = message.kind.as_str(),
        event = message.event.as_str(),
        task_id = message.task_id,
        attempts = message.attempts,
        reason = failure.reason,
        cause,
        request_id = message.request_id.as_deref(),
        outcome = outcome.as_str(),
        "a message to a service was not delivered"
    );
    outcome
}
