use std::sync::Arc;

use tokio::time::timeout;

use super::Shared;

/// Delivers due messages until the process stops.
pub(super) async fn run(shared: Arc<Shared>) {
    while !shared.stopping.is_cancelled() {
        // The dispatcher also polls at an interval, because it may miss a wake-up.
        let pause = timeout(shared.pace.poll_interval, shared.wake.notified());
        if shared.stopping.run_until_cancelled(pause).await.is_none() {
            return;
        }
        while dispatch(&shared).await && !shared.stopping.is_cancelled() {}
    }
}

/// Starts deliveries of due messages, and returns whether more may be due.
async fn dispatch(shared: &Arc<Shared>) -> bool {
    let free = shared.permits.available_permits();
    if free == 0 {
        return false;
    }
    let messages = match shared.store.claim(free, shared.pace.claim).await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::error!(cause = %error, "cannot read the outbox; retrying");
            return false;
        }
    };
    let may_be_more = messages.len() == free;
    for message in messages {
        let Ok(permit) = Arc::clone(&shared.permits).acquire_owned().await else {
            return false;
        };
        let work = Arc::clone(shared);
        shared.running.spawn(async move {
            let _permit = permit;
            let attempted = work.attempt(message).await;
            work.note(&[attempted]).await;
            // Another message may wait for this permit.
            work.wake.notify_one();
        });
    }
    may_be_more
}
