//! What other services must hear of a change, committed together with the change and delivered
//! until they have.
//!
//! ```text
//! handler ─ enqueue (in the change's transaction) ─ commit ─▶ first attempt ─ both at once, the user waits 2 s at most
//!                                                                 │ failed
//! dispatcher ─ claims what is due, with backoff ◀─────────────────┘
//! housekeeping ─ says that this process lives; gives up notifications whose process does not
//! ```
//!
//! A delivery carries an idempotency key, by which receivers tell a repetition: a crash between a
//! delivery and its record repeats it. Audit entries are delivered in the end, however often that
//! takes.
//!
//! Notifications go out in the user's name and so need the user's token, which lives an hour. It is
//! kept in this process's memory alone: in the database, even encrypted, it would be a credential
//! at rest that outlives its process, for a notice that is stale an hour later. When the process
//! dies the notification is marked failed, with that reason.

mod backoff;
mod change;
mod delivery;
mod dispatcher;
mod first_attempt;
mod held_tokens;
mod housekeeping;
mod message;
mod metrics;
mod pace;
mod receivers;
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
pub(crate) use first_attempt::{Enqueued, Report};
use held_tokens::HeldTokens;
pub(crate) use metrics::OutboxMetrics;
pub(crate) use pace::Pace;
use receivers::DownReceivers;
use store::OutboxStore;

use crate::Downstream;

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
    /// Deliveries at a time, so that a slow receiver doesn't pile up work here.
    permits: Arc<Semaphore>,
    wake: Notify,
    stopping: CancellationToken,
    running: TaskTracker,
}

impl Outbox {
    /// Starts delivering what is in `database`. The process is known as alive before this returns.
    pub(crate) async fn start(
        database: Database,
        downstream: Downstream,
        metrics: OutboxMetrics,
        pace: Pace,
    ) -> sqlx::Result<Self> {
        let shared = Shared {
            store: OutboxStore::new(database, Uuid::new_v4().to_string()),
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
        outbox.0.store.say_alive(outbox.0.pace.life).await?;
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

    /// Adds what must be said of `change` to the transaction that makes it. Deliver it once that is
    /// committed.
    pub(crate) async fn enqueue(
        &self,
        transaction: &mut AnyConnection,
        change: &Change<'_>,
        token: Option<&BearerToken>,
    ) -> sqlx::Result<Enqueued> {
        Enqueued::add(&self.0, transaction, change, token).await
    }

    /// Stops as a killed process does: nothing more is done, and nothing is said.
    #[cfg(test)]
    pub(crate) fn die(&self) {
        self.0.stopping.cancel();
        self.0.tokens.forget_all();
    }

    /// Before a change: 401 when nothing will work on the user's behalf until the user has met a
    /// challenge. Otherwise the time until which the user waits for the deliveries of the change.
    pub(crate) async fn admit(
        &self,
        tenant: &str,
        token: Option<&BearerToken>,
    ) -> Result<Instant, Problem> {
        self.0.downstream.admit(tenant, token).await
    }

    /// Finishes the deliveries in hand, and gives up the notifications whose tokens go with this
    /// process.
    pub(crate) async fn stop(&self) {
        self.0.stopping.cancel();
        self.0.running.close();
        self.0.running.wait().await;
        if let Err(error) = self.0.store.leave().await {
            tracing::warn!(cause = %error, "pending notifications could not be given up; another process will");
        }
    }
}
