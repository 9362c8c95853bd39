use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::fetch::{FetchError, FetchedKeys};

/// Where a cache gets its keys from.
pub trait KeySource: Send + Sync + 'static {
    /// Gets the keys that are published now.
    fn fetch(&self) -> impl Future<Output = Result<FetchedKeys, FetchError>> + Send;
}

/// How keys are kept up to date.
#[derive(Clone, Copy, Debug)]
pub struct KeyPolicy {
    /// Time between background refreshes. Microsoft asks for about an hour ("Signing key rollover").
    pub refresh_every: Duration,
    /// Least time between two fetches that unknown key ids cause, whatever clients send.
    pub cool_down: Duration,
    /// How long the last good keys serve while the issuer cannot be reached.
    pub max_age: Duration,
    /// How long a request waits for keys that are being fetched because of it.
    pub patience: Duration,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            refresh_every: Duration::from_hours(1),
            cool_down: Duration::from_secs(30),
            max_age: Duration::from_hours(72),
            patience: Duration::from_secs(2),
        }
    }
}

/// The first retry after a failed fetch; doubled up to the longest.
const FIRST_RETRY: Duration = Duration::from_millis(250);
/// While there are no keys nobody can be served, so retries stay frequent; with keys at hand there is time.
const LONGEST_RETRY_WITHOUT_KEYS: Duration = Duration::from_secs(3);
const LONGEST_RETRY_WITH_KEYS: Duration = Duration::from_mins(1);

/// The current keys of one source, refreshed by a task of their own: one fetch at a time, whoever asks.
///
/// The last good keys stay while fetches fail; a fetch that succeeds replaces them whole, so a key that the issuer
/// removed stops working with the next refresh.
#[derive(Debug)]
pub struct KeyCache {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    policy: KeyPolicy,
    state: watch::Sender<KeyStatus>,
    /// `state.epoch`, to be read without a lock. It is raised after the keys have changed.
    epoch: AtomicU64,
    wanted: Notify,
}

/// What a cache holds and how its last fetches went.
#[derive(Clone, Debug, Default)]
pub struct KeyStatus {
    /// The last good keys.
    pub keys: Option<Arc<FetchedKeys>>,
    /// Raised whenever the keys change: what was verified under another epoch must be verified again.
    pub epoch: u64,
    /// When the last good keys were fetched.
    pub fetched_at: Option<Instant>,
    /// When the last fetch ended, whatever came of it.
    pub tried_at: Option<Instant>,
    /// Fetches that succeeded.
    pub successes: u64,
    /// Fetches that failed.
    pub failures: u64,
    /// Why the last fetch failed, if it did.
    pub error: Option<Arc<str>>,
}

impl KeyCache {
    /// Starts fetching from `source`.
    pub fn start(source: impl KeySource, policy: KeyPolicy) -> Self {
        let shared = Arc::new(Shared {
            policy,
            state: watch::Sender::default(),
            epoch: AtomicU64::new(0),
            wanted: Notify::new(),
        });
        let task = tokio::spawn(keep_fresh(Arc::clone(&shared), source));
        Self { shared, task }
    }

    /// The keys at hand, unless they are older than the policy allows.
    #[must_use]
    pub fn keys(&self) -> Option<Arc<FetchedKeys>> {
        let state = self.shared.state.borrow();
        let age = state.fetched_at?.elapsed();
        if age <= self.shared.policy.max_age { state.keys.clone() } else { None }
    }

    /// A number that is raised whenever the keys change. Read it before the keys: what was verified with them and carries an older
    /// number is then out of date at worst, and never taken for fresh.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.shared.epoch.load(Ordering::Acquire)
    }

    /// What is held and how the last fetches went.
    #[must_use]
    pub fn status(&self) -> KeyStatus {
        self.shared.state.borrow().clone()
    }

    /// Waits for the first good keys.
    pub async fn ready(&self) {
        let mut state = self.shared.state.subscribe();
        // The sender lives as long as `self`, so waiting can't fail.
        let _state = state.wait_for(|state| state.keys.is_some()).await;
    }

    /// Asks for fresh keys because a token names an unknown one, and waits for them a little.
    ///
    /// Returns false at once within the cool-down: then the token is refused without a fetch, so that a flood of invented
    /// key ids costs the issuer nothing.
    pub async fn refresh(&self) -> bool {
        let mut state = self.shared.state.subscribe();
        let before = {
            let state = state.borrow_and_update();
            if state.tried_at.is_some_and(|tried| tried.elapsed() < self.shared.policy.cool_down) {
                return false;
            }
            state.successes + state.failures
        };
        self.shared.wanted.notify_one();
        let fetched = state.wait_for(|state| state.successes + state.failures > before);
        timeout(self.shared.policy.patience, fetched).await.is_ok()
    }
}

impl Drop for KeyCache {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep_fresh(shared: Arc<Shared>, source: impl KeySource) {
    let mut retry = FIRST_RETRY;
    loop {
        let outcome = source.fetch().await;
        let failed = outcome.is_err();
        shared.state.send_modify(|state| state.record(outcome));
        let (has_keys, tried) = {
            let state = shared.state.borrow();
            shared.epoch.store(state.epoch, Ordering::Release);
            (state.keys.is_some(), state.tried_at.unwrap_or_else(Instant::now))
        };
        let pause = if failed { retry } else { jittered(shared.policy.refresh_every) };
        let longest = if has_keys { LONGEST_RETRY_WITH_KEYS } else { LONGEST_RETRY_WITHOUT_KEYS };
        retry = if failed { (retry * 2).min(longest) } else { FIRST_RETRY };
        // Asking early is possible once the cool-down is over; the bound holds here, whatever `refresh` let through.
        let asked = async {
            sleep_until(tried + shared.policy.cool_down).await;
            shared.wanted.notified().await;
        };
        tokio::select! {
            () = sleep_until(tried + pause) => {}
            () = asked => {}
        }
    }
}

impl KeyStatus {
    fn record(&mut self, outcome: Result<FetchedKeys, FetchError>) {
        let now = Instant::now();
        self.tried_at = Some(now);
        match outcome {
            Ok(fetched) => {
                self.successes += 1;
                self.error = None;
                self.fetched_at = Some(now);
                for (kid, error) in fetched.keys.skipped() {
                    tracing::debug!(kid, %error, "a published key is not used");
                }
                if self.keys.as_ref().is_none_or(|held| !held.same_as(&fetched)) {
                    self.epoch += 1;
                    tracing::info!(issuer = fetched.issuer, keys = fetched.keys.len(), "signing keys changed");
                    self.keys = Some(Arc::new(fetched));
                }
            }
            Err(error) => {
                self.failures += 1;
                tracing::warn!(%error, has_keys = self.keys.is_some(), "signing keys could not be fetched");
                self.error = Some(error.to_string().into());
            }
        }
    }
}

/// Up to a tenth earlier, so that replicas that started together don't fetch together. The hasher's random seed is all the chance it takes.
fn jittered(period: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let chance = u32::try_from(RandomState::new().hash_one(0) % 1000).unwrap_or(0);
    period.saturating_sub(period / 10_000 * chance)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::Duration;

    use serde_json::json;
    use tokio::time::advance;
    use url::Url;

    use super::{KeyCache, KeyPolicy, KeySource};
    use crate::fetch::{FetchError, FetchedKeys};
    use crate::{Algorithm, KeySet};

    const MINUTE: Duration = Duration::from_mins(1);

    /// Publishes one key, whose id is the number of the fetch until `fixed`.
    #[derive(Clone, Default)]
    struct Source {
        fetches: Arc<AtomicUsize>,
        down: Arc<AtomicBool>,
    }

    impl KeySource for Source {
        async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
            let number = self.fetches.fetch_add(1, Ordering::SeqCst);
            // Every real fetch waits for the network.
            tokio::time::sleep(Duration::from_millis(10)).await;
            if self.down.load(Ordering::SeqCst) {
                let url = Url::parse("https://issuer.example/keys").unwrap();
                return Err(FetchError::TooLarge { url });
            }
            let key = json!({"kty": "EC", "crv": "P-256", "kid": number.to_string(),
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
            let document = json!({ "keys": [key] }).to_string();
            Ok(FetchedKeys { issuer: None, keys: KeySet::parse(document.as_bytes(), &[Algorithm::Es256]).unwrap() })
        }
    }

    impl Source {
        fn fetches(&self) -> usize {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    fn kid_at_hand(cache: &KeyCache, kid: &str) -> bool {
        cache.keys().is_some_and(|fetched| fetched.keys.get(kid).is_some())
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_unknown_keys_causes_one_fetch_per_cool_down() {
        let source = Source::default();
        let cache = Arc::new(KeyCache::start(source.clone(), KeyPolicy::default()));
        cache.ready().await;
        for _ in 0..1000 {
            assert!(!cache.refresh().await, "the first fetch has just been made");
        }
        assert_eq!(source.fetches(), 1);
        for round in 2..5 {
            advance(Duration::from_secs(31)).await;
            let asking: Vec<_> = (0..100)
                .map(|_| {
                    let cache = Arc::clone(&cache);
                    tokio::spawn(async move { cache.refresh().await })
                })
                .collect();
            for asked in asking {
                assert!(asked.await.unwrap(), "all wait for the same fetch");
            }
            assert_eq!(source.fetches(), round);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_key_is_there_after_a_refresh_and_a_removed_one_is_gone() {
        let source = Source::default();
        let cache = KeyCache::start(source.clone(), KeyPolicy::default());
        cache.ready().await;
        assert!(kid_at_hand(&cache, "0"));
        let epoch = cache.status().epoch;
        advance(MINUTE).await;
        assert!(cache.refresh().await);
        assert!(kid_at_hand(&cache, "1") && !kid_at_hand(&cache, "0"));
        assert!(cache.status().epoch > epoch);
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_refreshed_in_the_background_every_hour_or_a_little_earlier() {
        let source = Source::default();
        let cache = KeyCache::start(source.clone(), KeyPolicy::default());
        cache.ready().await;
        tokio::time::sleep(53 * MINUTE).await;
        assert_eq!(source.fetches(), 1);
        tokio::time::sleep(8 * MINUTE).await;
        assert_eq!(source.fetches(), 2);
        assert!(kid_at_hand(&cache, "1"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_good_keys_serve_through_an_outage_up_to_their_age() {
        let source = Source::default();
        let cache = KeyCache::start(source.clone(), KeyPolicy::default());
        cache.ready().await;
        source.down.store(true, Ordering::SeqCst);
        tokio::time::sleep(71 * 60 * MINUTE).await;
        assert!(kid_at_hand(&cache, "0"));
        assert!(cache.status().error.is_some());
        tokio::time::sleep(2 * 60 * MINUTE).await;
        assert!(cache.keys().is_none(), "72 hours are over");
        source.down.store(false, Ordering::SeqCst);
        tokio::time::sleep(MINUTE).await;
        assert!(cache.keys().is_some() && cache.status().error.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_without_the_issuer_recovers_within_five_seconds() {
        let source = Source::default();
        source.down.store(true, Ordering::SeqCst);
        let cache = KeyCache::start(source.clone(), KeyPolicy::default());
        tokio::time::sleep(5 * MINUTE).await;
        assert!(cache.keys().is_none());
        source.down.store(false, Ordering::SeqCst);
        tokio::time::timeout(Duration::from_secs(5), cache.ready()).await.unwrap();
    }
}
