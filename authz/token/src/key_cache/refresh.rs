use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{KeySource, KeyStatus, Shared};

/// The first retry after a failed fetch; doubled up to the longest.
const FIRST_RETRY: Duration = Duration::from_millis(250);
/// While there are no keys nobody can be served, so retries stay frequent; with keys at hand there is time.
const LONGEST_RETRY_WITHOUT_KEYS: Duration = Duration::from_secs(3);
const LONGEST_RETRY_WITH_KEYS: Duration = Duration::from_mins(1);

/// Fetches, and waits for whatever comes first: the next refresh, somebody who asks, the end of the keys at hand.
pub(super) async fn keep_fresh(shared: Arc<Shared>, source: impl KeySource) {
    let mut retry = FIRST_RETRY;
    loop {
        let failed = fetch(&shared, &source).await;
        let state = shared.state.borrow().clone();
        let pause = if failed { retry } else { jittered(shared.policy.refresh_every) };
        let longest = if state.keys.is_some() { LONGEST_RETRY_WITH_KEYS } else { LONGEST_RETRY_WITHOUT_KEYS };
        retry = if failed { (retry * 2).min(longest) } else { FIRST_RETRY };
        wait(&shared, &state, pause).await;
    }
}

/// Whether the fetch failed.
async fn fetch(shared: &Shared, source: &impl KeySource) -> bool {
    loop {
        shared.update(|state| state.begun += 1);
        let forgotten = shared.state.borrow().forgotten;
        let outcome = source.fetch().await;
        let failed = outcome.is_err();
        let mut counts = false;
        shared.update(|state| {
            counts = state.forgotten == forgotten;
            if counts {
                state.record(outcome);
            } else {
                // Its keys may be those that were to be forgotten.
                state.begun -= 1;
            }
        });
        if counts {
            if !failed {
                store(shared).await;
            }
            return failed;
        }
    }
}

async fn store(shared: &Shared) {
    let (Some(file), Some(keys)) = (shared.file.clone(), shared.state.borrow().keys.clone()) else { return };
    // fsync can take long on a slow disk. If the task is aborted meanwhile, the file is the old one or the new one.
    let _written = tokio::task::spawn_blocking(move || file.write(&keys)).await;
}

async fn wait(shared: &Shared, state: &KeyStatus, pause: Duration) {
    let tried = state.tried_at.unwrap_or_else(Instant::now);
    // Asking early is possible once the cool-down is over; the bound holds here, whatever `refresh` let through.
    let asked = async {
        sleep_until(tried + shared.policy.cool_down).await;
        shared.wanted.notified().await;
    };
    let end = state.fetched_at.map(|fetched| fetched + shared.policy.max_age);
    let expired = async {
        match end {
            Some(end) => sleep_until(end).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = sleep_until(tried + pause) => {}
        () = asked => {}
        () = shared.urgent.notified() => {}
        () = expired => shared.update(KeyStatus::expire),
    }
}

/// Up to a tenth earlier, so that replicas that started together don't fetch together. The hasher's random seed is all the chance it takes.
fn jittered(period: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let chance = u32::try_from(RandomState::new().hash_one(0) % 1000).unwrap_or(0);
    period.saturating_sub(period / 10_000 * chance)
}
