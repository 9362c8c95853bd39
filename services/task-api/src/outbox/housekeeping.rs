use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use super::Shared;
use super::message::Kind;

/// Runs the periodic work of the outbox until the process stops.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut ticks = interval(shared.pace.heartbeat_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shared
        .stopping
        .run_until_cancelled(ticks.tick())
        .await
        .is_some()
    {
        if let Err(error) = keep_house(&shared).await {
            tracing::error!(cause = %error, "the outbox's housekeeping failed; retrying");
        }
    }
}

async fn keep_house(shared: &Shared) -> sqlx::Result<()> {
    shared
        .store
        .send_heartbeat(shared.pace.heartbeat_ttl)
        .await?;
    let given_up = shared.store.give_up_orphans().await?;
    if given_up > 0 {
        tracing::warn!(
            given_up,
            "gave up notifications: the process that held their users' tokens is gone"
        );
    }
    for kind in Kind::ALL {
        let (depth, age) = shared.store.waiting(kind).await?;
        shared.metrics.waiting(kind, depth, age);
    }
    shared.metrics.tokens(shared.tokens.number());
    Ok(())
}
