//! One attempt to deliver one message, and what is noted of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use super::backoff::pause;
use super::message::{Kind, Message, Outcome};
use super::store::Note;
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
        let (outcome, asked_pause) = match result {
            Ok(()) => (Outcome::Delivered, None),
            Err(failure) => {
                let asked_pause = failure.cause.as_ref().and_then(CallError::retry_after);
                (failed(&message, failure), asked_pause)
            }
        };
        self.metrics.attempted(message.kind, outcome);
        let attempts = u32::try_from(message.attempts)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let spread = message.idempotency_key.bytes().fold(0_u8, u8::wrapping_add);
        let own_pause = pause(&self.pace, attempts, spread);
        // What the other side asks for counts, up to what this side would do in the worst case.
        let pause = asked_pause.map_or(own_pause, |asked| {
            asked.clamp(own_pause, self.pace.longest_pause.max(own_pause))
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

    /// Stores what became of attempts. If it can't be stored, the messages are tried again when
    /// their attempt's time is up, and the receivers know them by their keys.
    pub(super) async fn note(&self, attempted: &[Attempted]) {
        let notes: Vec<_> = attempted.iter().map(Attempted::note).collect();
        if let Err(error) = self.store.note(&notes).await {
            tracing::error!(cause = %error, "what became of deliveries could not be stored; they will be repeated");
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

    /// The first success after failures makes what was postponed due: otherwise it would wait out
    /// its long pauses.
    async fn note_receiver(&self, kind: Kind, outcome: Outcome) {
        let is_down = self.down.of(kind);
        match outcome {
            Outcome::Postponed => is_down.store(true, Ordering::Relaxed),
            Outcome::Delivered if is_down.swap(false, Ordering::Relaxed) => {
                if let Err(error) = self.store.hasten(kind).await {
                    tracing::warn!(cause = %error, "postponed messages wait until they are due");
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

/// An audit entry is never given up: what refuses it is a setting that somebody will put right.
fn failed(message: &Message, failure: Failure) -> Outcome {
    let outcome = match (message.kind, failure.is_final) {
        (Kind::Notification, true) => Outcome::GivenUp(failure.reason),
        _ => Outcome::Postponed,
    };
    let (kind, event, task_id) = (
        message.kind.as_str(),
        message.event.as_str(),
        message.task_id,
    );
    let (attempts, reason, outcome_word) = (message.attempts, failure.reason, outcome.as_str());
    let cause = failure
        .cause
        .map(|cause| format!("{:#}", anyhow::Error::from(cause)));
    let request_id = message.request_id.as_deref();
    tracing::warn!(
        kind,
        event,
        task_id,
        attempts,
        reason,
        cause,
        request_id,
        outcome = outcome_word,
        "a service was not told of a change"
    );
    outcome
}
