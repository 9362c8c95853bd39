//! Outbox of messages to other services about changes of tasks.
//!
//! A message is committed together with its change, and delivered after the commit.
//!
//! ```text
//! handler ─ enqueue (in the change's transaction) ─ commit ─▶ first attempt
//!                                                                 │ failed
//! dispatcher ─ claims due messages, with back-off ◀───────────────┘
//! housekeeping ─ sends this process's heartbeat; gives up notifications of dead processes
//! ```
//!
//! The first attempt calls both services at the same time, and the user waits for at most 2 s by
//! default. Each delivery carries an idempotency key, by which receivers detect a repetition: a
//! crash between a delivery and its record repeats the delivery. Audit entries are retried until
//! they are delivered.
//!
//! Notifications are sent on the user's behalf and so need the user's token, which lives for an
//! hour. Only this process's memory holds it. In the database, even encrypted, it would be a
//! credential at rest that outlives its process, for a notification that is stale an hour later. If
//! the process dies, the notification is marked as failed with the reason code `user_token_lost`.

mod backoff;
mod change;
mod delivery;
mod delivery_status;
mod dispatcher;
mod first_attempt;
mod held_tokens;
mod housekeeping;
mod message;
mod metrics;
mod note;
mod old_rows;
mod pace;
mod receivers;
mod report;
mod store;

use std::sync::Arc;

use portcullis_database::Database;
use portcullis_guard::BearerToken;
use portcullis_runtime::Problem;
use sqlx::AnyConnection;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub(crate) use change::Change;
pub(crate) use delivery_status::{AuditStatus, NotificationStatus};
pub(crate) use first_attempt::Enqueued;
use held_tokens::HeldTokens;
pub(crate) use metrics::OutboxMetrics;
pub(crate) use old_rows::OldRows;
pub(crate) use pace::Pace;
use receivers::DownReceivers;
pub(crate) use report::Report;
use store::OutboxStore;

use crate::downstream::Downstream;

/// The outbox of this process. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Outbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: OutboxStore,
    downstream: Downstream,
    tokens: HeldTokens,
    down: DownReceivers,
    metrics: OutboxMetrics,
    pace: Pace,
    /// Permits for deliveries, so that a slow receiver does not pile up work here.
    permits: Arc<Semaphore>,
    wake: Notify,
    stopping: CancellationToken,
    running: TaskTracker,
}

impl Outbox {
    /// Starts to deliver the messages in `database`, after the first heartbeat of this process.
    ///
    /// Housekeeping also deletes `old_rows`.
    pub(crate) async fn start(
        database: Database,
        downstream: Downstream,
        metrics: OutboxMetrics,
        pace: Pace,
        old_rows: OldRows,
    ) -> sqlx::Result<Self> {
        let shared = Shared {
            store: OutboxStore::new(database, Uuid::new_v4().to_string(), old_rows),
            downstream,
            tokens: HeldTokens::default(),
            down: DownReceivers::default(),
            metrics,
            permits: Arc::new(Semaphore::new(pace.deliveries_at_a_time)),
            pace,
            wake: Notify::new(),
            stopping: CancellationToken::new(),
            running: TaskTracker::new(),
        };
        let outbox = Self(Arc::new(shared));
        outbox
            .0
            .store
            .send_heartbeat(outbox.0.pace.heartbeat_ttl)
            .await?;
        outbox
            .0
            .running
            .spawn(dispatcher::run(Arc::clone(&outbox.0)));
        outbox
            .0
            .running
            .spawn(housekeeping::run(Arc::clone(&outbox.0)));
        Ok(outbox)
    }

    /// Adds the messages of `change` to its transaction. Deliver them after the commit.
    pub(crate) async fn enqueue(
        &self,
        transaction: &mut AnyConnection,
        change: &Change<'_>,
        token: Option<&BearerToken>,
    ) -> sqlx::Result<Enqueued> {
        Enqueued::add(&self.0, transaction, change, token).await
    }

    /// Stops like a killed process, without further writes.
    #[cfg(test)]
    pub(crate) fn die(&self) {
        self.0.stopping.cancel();
        self.0.tokens.forget_all();
    }

    /// Checks before a change that the user has to meet no claims challenge, which is a 401.
    ///
    /// Returns the time until which the user waits for the deliveries of the change.
    pub(crate) async fn admit(
        &self,
        tenant: &str,
        token: Option<&BearerToken>,
    ) -> Result<Instant, Problem> {
        self.0.downstream.admit(tenant, token).await
    }

    /// Finishes the deliveries in hand.
    ///
    /// It gives up the notifications whose tokens only this process holds.
    pub(crate) async fn stop(&self) {
        self.0.stopping.cancel();
        self.0.running.close();
        self.0.running.wait().await;
        if let Err(error) = self.0.store.leave().await {
            tracing::warn!(
                cause = %error,
                "cannot give up pending notifications; another process will"
            );
        }
    }
}
