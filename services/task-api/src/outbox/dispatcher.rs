use std::sync::Arc;

use tokio::time::timeout;

use super::Shared;

/// Delivers what is due, until the process stops.
pub(super) async fn run(shared: Arc<Shared>) {
    while !shared.stopping.is_cancelled() {
        // Whatever wakes it, it looks: a wake-up may be missed, a look is not.
        let pause = timeout(shared.pace.look_every, shared.wake.notified());
        if shared.stopping.run_until_cancelled(pause).await.is_none() {
            return;
        }
        while dispatch(&shared).await && !shared.stopping.is_cancelled() {}
    }
}

/// Starts what may be started; whether there may be more.
async fn dispatch(shared: &Arc<Shared>) -> bool {
    let free = shared.permits.available_permits();
    if free == 0 {
        return false;
    }
    let messages = match shared.store.claim(free, shared.pace.claim).await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::error!(cause = %error, "the outbox cannot be read; trying again");
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
