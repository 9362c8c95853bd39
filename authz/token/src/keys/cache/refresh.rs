use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use tokio::time::{Instant, sleep_until};

use super::shared::Shared;
use super::status::KeyStatus;
use crate::jitter::random_pause;
use crate::keys::source::KeySource;

/// Pause before the first retry. It doubles up to the longest pause.
const FIRST_RETRY: Duration = Duration::from_millis(250);
/// Longest pause without keys, at first. Every token then gets 503, so retries stay frequent.
const LONGEST_RETRY_WITHOUT_KEYS: Duration = Duration::from_secs(3);
/// Longest pause with usable keys. It is never longer than between two refreshes, because a key
/// that was removed during an outage verifies until the next fetch.
const LONGEST_RETRY_WITH_KEYS: Duration = Duration::from_mins(1);
/// The longest pause without keys grows to this part of the outage, because a tenant may be gone.
///
/// At a hundredth, recovery is at most 1% later. A source that has been away for 50 minutes costs
/// its issuer two fetches a minute.
const PART_OF_OUTAGE: u32 = 100;
const LONGEST_RETRY_IN_OUTAGE: Duration = Duration::from_secs(30);

/// Fetches and expires keys concurrently, so that an issuer or a disk that hangs keeps no old keys
/// alive.
pub(super) async fn keep_fresh(shared: Arc<Shared>, source: impl KeySource) {
    join(fetch_when_due(&shared, &source), expire_in_time(&shared)).await;
}

/// Fetches when a refresh is due, and earlier on request.
async fn fetch_when_due(shared: &Arc<Shared>, source: &impl KeySource) {
    let mut retry = FIRST_RETRY;
    let mut without_keys_since = None;
    loop {
        let failed = fetch(shared, source).await;
        let state = shared.state.borrow().clone();
        let longest = if state.is_ready() {
            without_keys_since = None;
            LONGEST_RETRY_WITH_KEYS.min(shared.policy.refresh_every)
        } else {
            longest_without_keys(*without_keys_since.get_or_insert_with(Instant::now))
        };
        let pause = if failed {
            retry.min(longest)
        } else {
            let longest = shared.policy.refresh_every;
            random_pause(longest / 10 * 9, longest)
        };
        retry = if failed {
            (retry * 2).min(longest)
        } else {
            FIRST_RETRY
        };
        wait(shared, &state, pause).await;
    }
}

/// The longest pause between retries if there have been no keys since `since`.
fn longest_without_keys(since: Instant) -> Duration {
    (since.elapsed() / PART_OF_OUTAGE).clamp(LONGEST_RETRY_WITHOUT_KEYS, LONGEST_RETRY_IN_OUTAGE)
}

/// Fetches, records the outcome and returns whether the fetch failed. A fetch that began before
/// keys were forgotten is repeated.
async fn fetch(shared: &Arc<Shared>, source: &impl KeySource) -> bool {
    loop {
        shared.update(|state| {
            state.begun += 1;
            state.next_fetch = None;
        });
        let forgotten = shared.state.borrow().forgotten;
        let outcome = source.fetch().await;
        let failed = outcome.is_err();
        let mut counts = false;
        shared.update(|state| {
            counts = state.forgotten == forgotten;
            if counts {
                state.record(outcome);
            } else {
                // This fetch may have brought the keys that were forgotten.
                state.begun -= 1;
            }
        });
        if counts {
            if !failed && shared.has_store() {
                let shared = Arc::clone(shared);
                // fsync can take long on a slow disk. If the task is aborted meanwhile, the file is
                // the old one or the new one.
                let _written = tokio::task::spawn_blocking(move || shared.store(forgotten)).await;
            }
            return failed;
        }
    }
}

/// Drops the keys when they reach their maximum age, and requests a fetch. Readers thus need not
/// check the age.
async fn expire_in_time(shared: &Shared) {
    let mut state = shared.state.subscribe();
    loop {
        let end = state
            .borrow_and_update()
            .fetched_at
            .map(|fetched| fetched + shared.policy.max_age);
        let expired = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = expired => {
                shared.update(KeyStatus::expire);
                shared.urgent.notify_one();
            }
            // The sender lives as long as `shared`, so this can't fail.
            _changed = state.changed() => {}
        }
    }
}

async fn wait(shared: &Shared, state: &KeyStatus, pause: Duration) {
    let tried = state.tried_at.unwrap_or_else(Instant::now);
    shared.update(|state| state.next_fetch = Some(tried + pause));
    // An early fetch is possible once the cool-down is over. The bound is enforced here, whatever
    // `refresh` allowed.
    let requested = async {
        sleep_until(tried + shared.policy.cool_down).await;
        shared.wanted.notified().await;
    };
    tokio::select! {
        () = sleep_until(tried + pause) => {}
        () = requested => {}
        () = shared.urgent.notified() => {}
    }
}
