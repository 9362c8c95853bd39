//! Tests on simulated time, so that nothing here waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::time::advance;
use url::Url;

use crate::jws::Algorithm;
use crate::keys::{
    FetchError, FetchedKeys, KeyCache, KeyLocation, KeyPolicy, KeySet, KeySource, KeySources,
    KeyStore, SourceId,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// Publishes one key, whose id is the number of the fetch.
#[derive(Clone, Default)]
struct Source {
    fetches: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
    gone: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
}

impl KeySource for Source {
    fn name(&self) -> String {
        "https://issuer.example/keys".to_owned()
    }

    fn algorithms(&self) -> &[Algorithm] {
        &[Algorithm::Es256]
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst);
        // Every real fetch waits for the network.
        tokio::time::sleep(Duration::from_millis(10)).await;
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let url = || Url::parse("https://issuer.example/keys").unwrap();
        if self.down.load(Ordering::SeqCst) {
            return Err(FetchError::TooLarge { url: url() });
        }
        if self.gone.load(Ordering::SeqCst) {
            return Err(FetchError::Status {
                url: url(),
                status: StatusCode::BAD_REQUEST,
                text: None,
            });
        }
        let key = json!({"kty": "EC", "crv": "P-256", "kid": number.to_string(),
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let document = json!({ "keys": [key] }).to_string();
        Ok(FetchedKeys {
            issuer: None,
            cloud_instance: None,
            keys: KeySet::parse(document.as_bytes(), &[Algorithm::Es256]).unwrap(),
        })
    }
}

impl Source {
    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

fn has_key(cache: &KeyCache, kid: &str) -> bool {
    cache
        .keys()
        .is_some_and(|fetched| fetched.keys.get(kid).is_some())
}

#[tokio::test(start_paused = true)]
async fn flood_of_unknown_keys_causes_one_fetch_per_cool_down() {
    let source = Source::default();
    let cache = Arc::new(KeyCache::start(source.clone(), KeyPolicy::default()));
    cache.ready().await;
    for _ in 0..1000 {
        assert!(
            !cache.refresh("absent").await,
            "the first fetch has just been made"
        );
    }
    assert_eq!(source.fetches(), 1);
    for round in 2..5 {
        advance(Duration::from_secs(31)).await;
        let refreshes: Vec<_> = (0..100)
            .map(|_| {
                let cache = Arc::clone(&cache);
                let absent = format!("absent in round {round}");
                tokio::spawn(async move { cache.refresh(&absent).await })
            })
            .collect();
        for refresh in refreshes {
            assert!(refresh.await.unwrap(), "all wait for the same fetch");
        }
        assert_eq!(source.fetches(), round);
    }
}

#[tokio::test(start_paused = true)]
async fn refresh_brings_a_new_key_and_drops_a_removed_one() {
    let source = Source::default();
    let cache = KeyCache::start(source.clone(), KeyPolicy::default());
    cache.ready().await;
    assert!(has_key(&cache, "0"));
    let epoch = cache.status().epoch;
    advance(MINUTE).await;
    assert!(cache.refresh("1").await);
    assert!(has_key(&cache, "1") && !has_key(&cache, "0"));
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
    assert!(has_key(&cache, "1"));
}

#[tokio::test(start_paused = true)]
async fn the_last_good_keys_serve_through_an_outage_up_to_their_age() {
    let source = Source::default();
    let cache = KeyCache::start(source.clone(), KeyPolicy::default());
    cache.ready().await;
    source.down.store(true, Ordering::SeqCst);
    tokio::time::sleep(71 * 60 * MINUTE).await;
    assert!(has_key(&cache, "0"));
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
    tokio::time::timeout(Duration::from_secs(5), cache.ready())
        .await
        .unwrap();
}

/// Services poll the authz server. A key that was removed during an outage must not verify for
/// longer than one period after it.
#[tokio::test(start_paused = true)]
async fn polled_source_is_fetched_within_its_period_after_an_outage() {
    let source = Source::default();
    let policy = KeyPolicy {
        refresh_every: 2 * SECOND,
        max_age: 60 * MINUTE,
        ..KeyPolicy::default()
    };
    let cache = KeyCache::start(source.clone(), policy);
    cache.ready().await;
    source.down.store(true, Ordering::SeqCst);
    tokio::time::sleep(30 * MINUTE).await;
    let held = cache
        .keys()
        .expect("the last good keys serve")
        .keys
        .key_ids()
        .concat();
    source.down.store(false, Ordering::SeqCst);
    tokio::time::sleep(2 * SECOND + Duration::from_millis(20)).await;
    assert!(
        !has_key(&cache, &held),
        "it was fetched, and has another key now"
    );
}

#[tokio::test(start_paused = true)]
async fn keys_expire_while_a_fetch_hangs() {
    let source = Source::default();
    let cache = KeyCache::start(source.clone(), KeyPolicy::default());
    cache.ready().await;
    let epoch = cache.epoch();
    source.hangs.store(true, Ordering::SeqCst);
    tokio::time::sleep((72 * 60 - 1) * MINUTE).await;
    assert!(has_key(&cache, "0") && cache.epoch() == epoch);
    tokio::time::sleep(MINUTE + SECOND).await;
    assert!(cache.keys().is_none() && cache.epoch() > epoch);
}

#[tokio::test(start_paused = true)]
async fn failed_fetch_makes_no_key_unknown() {
    let source = Source::default();
    let cache = KeyCache::start(source.clone(), KeyPolicy::default());
    cache.ready().await;
    advance(31 * SECOND).await;
    source.down.store(true, Ordering::SeqCst);
    assert!(cache.refresh("3").await, "a fetch looked for it");
    source.down.store(false, Ordering::SeqCst);
    tokio::time::sleep(SECOND).await;
    assert!(
        has_key(&cache, "2"),
        "the retry has brought keys, and not yet that one"
    );
    advance(31 * SECOND).await;
    assert!(cache.refresh("3").await);
    assert!(has_key(&cache, "3"));
}

#[tokio::test(start_paused = true)]
async fn file_written_after_its_keys_are_forgotten_stays_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore::open(folder.path()).unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let cache = KeyCache::start(
        Source::default(),
        KeyPolicy {
            store: Some(store),
            ..KeyPolicy::default()
        },
    );
    cache.ready().await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(files(), 1);
    let before = cache.status().forgotten;
    cache.forget();
    assert_eq!(files(), 0);
    cache.ready().await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(files(), 1, "new keys are kept again");

    cache.shared.remove_stored();
    cache.shared.store(before);
    assert_eq!(files(), 0, "keys that were fetched before are not");
}

#[tokio::test(start_paused = true)]
async fn retries_slow_down_while_a_source_stays_away() {
    struct Case {
        name: &'static str,
        /// Since the row before, as the fetches.
        minutes: u32,
        most_fetches: usize,
        /// Of the pause that follows.
        longest_pause: Duration,
    }

    let source = Source::default();
    source.down.store(true, Ordering::SeqCst);
    let cache = KeyCache::start(source.clone(), KeyPolicy::default());
    for Case {
        name,
        minutes,
        most_fetches,
        longest_pause,
    } in [
        Case {
            name: "after 5 minutes",
            minutes: 5,
            most_fetches: 105,
            longest_pause: 4 * SECOND,
        },
        Case {
            name: "after an hour",
            minutes: 55,
            most_fetches: 260,
            longest_pause: 31 * SECOND,
        },
        Case {
            name: "after a day",
            minutes: 24 * 60,
            most_fetches: 2900,
            longest_pause: 31 * SECOND,
        },
    ] {
        let before = source.fetches();
        tokio::time::sleep(minutes * MINUTE).await;
        let fetches = source.fetches() - before;
        assert!(
            (most_fetches / 2..=most_fetches).contains(&fetches),
            "{name}: {fetches} in {minutes} minutes"
        );
        let next = cache
            .status()
            .next_fetch
            .unwrap()
            .saturating_duration_since(tokio::time::Instant::now());
        assert!(next <= longest_pause, "{name}: {next:?}");
    }
    source.down.store(false, Ordering::SeqCst);
    tokio::time::timeout(31 * SECOND, cache.ready())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn cache_settles_by_keys_or_by_an_answer_and_not_by_silence() {
    struct Case {
        name: &'static str,
        down: bool,
        gone: bool,
        settles: bool,
    }

    let quick = Duration::from_millis(20);
    for Case {
        name,
        down,
        gone,
        settles,
    } in [
        Case {
            name: "keys",
            down: false,
            gone: false,
            settles: true,
        },
        Case {
            name: "an answer without keys",
            down: false,
            gone: true,
            settles: true,
        },
        Case {
            name: "silence",
            down: true,
            gone: false,
            settles: false,
        },
    ] {
        let source = Source::default();
        source.down.store(down, Ordering::SeqCst);
        source.gone.store(gone, Ordering::SeqCst);
        let cache = KeyCache::start(source.clone(), KeyPolicy::default());
        let settled = tokio::time::timeout(quick, cache.settled()).await.is_ok();
        assert_eq!(settled, settles, "{name}");
        assert_eq!(cache.status().is_ready(), !down && !gone, "{name}");
        // An answer is not final: a tenant may be restored.
        source.down.store(false, Ordering::SeqCst);
        source.gone.store(false, Ordering::SeqCst);
        tokio::time::timeout(5 * SECOND, cache.ready())
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn first_fetch_waits_for_no_later_fetch() {
    let source = Source::default();
    source.down.store(true, Ordering::SeqCst);
    let cache = KeyCache::start(source.clone(), KeyPolicy::default());
    assert!(cache.first_fetch().await, "it has ended, without keys");
    source.hangs.store(true, Ordering::SeqCst);
    tokio::time::sleep(SECOND).await;
    let begun = tokio::time::Instant::now();
    assert!(!cache.first_fetch().await);
    assert_eq!(
        begun.elapsed(),
        Duration::ZERO,
        "an outage is not waited out"
    );

    let silent = Source::default();
    silent.hangs.store(true, Ordering::SeqCst);
    let cache = KeyCache::start(silent, KeyPolicy::default());
    let begun = tokio::time::Instant::now();
    assert!(!cache.first_fetch().await);
    assert_eq!(begun.elapsed(), KeyPolicy::default().patience);
}

#[tokio::test(start_paused = true)]
async fn verifiers_share_the_cache_of_a_source_for_as_long_as_one_uses_it() {
    struct Case {
        name: &'static str,
        owner: &'static str,
        algorithm: Algorithm,
        shared: bool,
    }

    let sources = KeySources::new(Client::new(), KeyPolicy::default());
    let source = Source::default();
    let cache = |owner: &str, algorithm| {
        let id = SourceId {
            location: KeyLocation::KeySet(Url::parse("https://issuer.example/keys").unwrap()),
            algorithms: vec![algorithm],
            owner: owner.to_owned(),
        };
        sources.cache(id, source.clone(), KeyPolicy::default())
    };
    let first = cache("a", Algorithm::Es256);
    first.ready().await;
    for Case {
        name,
        owner,
        algorithm,
        shared,
    } in [
        Case {
            name: "the same source",
            owner: "a",
            algorithm: Algorithm::Es256,
            shared: true,
        },
        Case {
            name: "keys that must be another issuer's",
            owner: "b",
            algorithm: Algorithm::Es256,
            shared: false,
        },
        Case {
            name: "keys for another algorithm",
            owner: "a",
            algorithm: Algorithm::Rs256,
            shared: false,
        },
    ] {
        let other = cache(owner, algorithm);
        assert_eq!(Arc::ptr_eq(&first, &other), shared, "{name}");
        assert_eq!(other.keys().is_some(), shared, "{name}");
    }
    drop(first);
    assert!(
        cache("a", Algorithm::Es256).keys().is_none(),
        "the cache has ended with its last verifier"
    );
}
