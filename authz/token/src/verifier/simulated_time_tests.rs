//! Tests outages, rotations, floods and clock steps. Signatures are real and time is simulated, so
//! nothing here waits.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::{advance, sleep};
use url::Url;

use crate::issuers::{Issuer, OidcIssuer};
use crate::keys::{FetchError, FetchedKeys, KeyCache, KeyPolicy, KeySource};
use crate::signed_tokens::{jwk, key, sign};
use crate::{
    Algorithm, Audiences, ClaimNames, KeySet, OidcKeys, OidcSettings, Reason, TimeRules, Verifier,
};

const ISSUER: &str = "https://id.example";
const NOW: u64 = 1_800_000_000;
const HOUR: Duration = Duration::from_hours(1);

/// A source of keys: each has an id and the number of a test key.
#[derive(Clone, Default)]
struct Published {
    keys: Arc<Mutex<Vec<(String, usize)>>>,
    down: Arc<AtomicBool>,
    fetches: Arc<AtomicUsize>,
}

impl KeySource for Published {
    fn name(&self) -> String {
        ISSUER.to_owned()
    }

    fn algorithms(&self) -> &[Algorithm] {
        &[Algorithm::Rs256]
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let keys: Vec<Value> = self
            .keys
            .lock()
            .unwrap()
            .iter()
            .map(|(id, number)| jwk(id, key(*number)))
            .collect();
        // Every real fetch waits for the network, and returns the keys that were published when it
        // began.
        sleep(Duration::from_millis(10)).await;
        if self.down.load(Ordering::SeqCst) {
            return Err(FetchError::TooLarge {
                url: Url::parse(ISSUER).unwrap(),
            });
        }
        let document = json!({ "keys": keys }).to_string();
        Ok(FetchedKeys {
            issuer: None,
            cloud_instance: None,
            keys: KeySet::parse(document.as_bytes(), self.algorithms()).unwrap(),
        })
    }
}

impl Published {
    fn new(keys: &[(&str, usize)]) -> Self {
        let published = Self::default();
        published.publish(keys);
        published
    }

    fn publish(&self, keys: &[(&str, usize)]) {
        *self.keys.lock().unwrap() = keys
            .iter()
            .map(|(id, number)| ((*id).to_owned(), *number))
            .collect();
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    async fn verifier(&self) -> Verifier {
        let verifier = self.verifier_without_keys();
        verifier.ready(HOUR).await.unwrap();
        verifier
    }

    fn verifier_without_keys(&self) -> Verifier {
        let settings =
            OidcSettings::new(ISSUER, &OidcKeys::Discovery, &[], ClaimNames::default()).unwrap();
        let keys = KeyCache::start(self.clone(), KeyPolicy::default());
        let issuer = Issuer::Oidc(OidcIssuer::with_keys(settings, keys.into()));
        Verifier::new(issuer, TimeRules::default())
    }
}

fn claims(at: u64) -> Value {
    json!({"iss": ISSUER, "aud": "api", "sub": "s", "sid": "s", "iat": at, "exp": at + 3600})
}

fn token(key_id: &str, number: usize, at: u64) -> String {
    sign(
        key(number),
        &json!({"alg": "RS256", "kid": key_id}),
        &claims(at),
    )
}

async fn judge(verifier: &Verifier, token: &str, now: u64) -> Result<(), Reason> {
    let audiences = Audiences::Exactly(vec!["api".to_owned()]);
    verifier
        .verify(token, &audiences, now)
        .await
        .map(drop)
        .map_err(|denied| denied.reason)
}

#[tokio::test(start_paused = true)]
async fn outage_of_a_day_denies_no_good_token_and_admits_no_bad_one() {
    let published = Published::new(&[("a", 0)]);
    let verifier = published.verifier().await;
    published.down.store(true, Ordering::SeqCst);
    for minute in 0..24 * 60 {
        sleep(Duration::from_mins(1)).await;
        let now = NOW + minute * 60;
        if minute % 10 == 0 {
            assert_eq!(
                judge(&verifier, &token("a", 0, now), now).await,
                Ok(()),
                "minute {minute}"
            );
            assert_eq!(
                judge(&verifier, &token("a", 1, now), now).await,
                Err(Reason::SignatureInvalid)
            );
            assert_eq!(
                judge(&verifier, &token("b", 0, now), now).await,
                Err(Reason::KeyUnknown)
            );
        }
    }
    assert!(verifier.ready(Duration::ZERO).await.is_ok(), "still ready");
    sleep(48 * HOUR).await;
    assert_eq!(
        judge(&verifier, &token("a", 0, NOW), NOW).await,
        Err(Reason::KeysUnavailable),
        "72 hours are over"
    );
    published.down.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(65)).await;
    assert_eq!(judge(&verifier, &token("a", 0, NOW), NOW).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn token_waits_for_the_first_fetch_of_its_keys_and_for_no_other() {
    let published = Published::new(&[("a", 0)]);
    let verifier = published.verifier_without_keys();
    assert_eq!(
        judge(&verifier, &token("a", 0, NOW), NOW).await,
        Ok(()),
        "the fetch was running"
    );

    published.down.store(true, Ordering::SeqCst);
    let verifier = published.verifier_without_keys();
    for _ in 0..2 {
        assert_eq!(
            judge(&verifier, &token("a", 0, NOW), NOW).await,
            Err(Reason::KeysUnavailable)
        );
    }
    let source = verifier.key_source_of(&token("a", 0, NOW)).unwrap();
    assert_eq!((source.source.as_str(), source.is_ready()), (ISSUER, false));
    assert!(
        source.why_not_ready().starts_with(ISSUER),
        "{}",
        source.why_not_ready()
    );
}

#[tokio::test(start_paused = true)]
async fn hundred_rotations_deny_no_good_token_and_end_each_old_key() {
    let published = Published::new(&[("r0", 0)]);
    let verifier = published.verifier().await;
    for round in 1..=100 {
        let (old, new) = (format!("r{}", round - 1), format!("r{round}"));
        let number = round % 2;
        // Signing begins the moment that the key is published.
        published.publish(&[(&old, 1 - number), (&new, number)]);
        sleep(Duration::from_secs(30)).await;
        assert_eq!(
            judge(&verifier, &token(&new, number, NOW), NOW).await,
            Ok(()),
            "{new} at first sight"
        );
        assert_eq!(
            judge(&verifier, &token(&old, 1 - number, NOW), NOW).await,
            Ok(()),
            "{old} while published"
        );
        published.publish(&[(&new, number)]);
        sleep(HOUR + Duration::from_secs(1)).await;
        assert_eq!(
            judge(&verifier, &token(&old, 1 - number, NOW), NOW).await,
            Err(Reason::KeyUnknown),
            "{old} removed"
        );
        assert_eq!(
            judge(&verifier, &token(&new, number, NOW), NOW).await,
            Ok(())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn removed_key_is_denied_at_once_after_a_fetch_or_forget() {
    let published = Published::new(&[("good", 0), ("stolen", 1)]);
    let verifier = published.verifier().await;
    let (good, stolen) = (token("good", 0, NOW), token("stolen", 1, NOW));
    assert_eq!(judge(&verifier, &stolen, NOW).await, Ok(()));
    let epoch = verifier.key_epoch();

    published.publish(&[("good", 0)]);
    assert!(verifier.fetch_keys_now().await.is_ok());
    assert!(
        verifier.key_epoch() > epoch,
        "a token that was verified before must be verified again"
    );
    let audiences = Audiences::Exactly(vec!["api".to_owned()]);
    assert_eq!(
        verifier
            .verify_at_hand(&stolen, &audiences, NOW)
            .unwrap_err()
            .reason,
        Reason::KeyUnknown
    );
    assert_eq!(judge(&verifier, &good, NOW).await, Ok(()));

    published.down.store(true, Ordering::SeqCst);
    let error = verifier.fetch_keys_now().await.unwrap_err().to_string();
    assert!(error.contains(ISSUER), "{error}");
    assert_eq!(
        judge(&verifier, &good, NOW).await,
        Ok(()),
        "the last good keys stay"
    );
    let epoch = verifier.key_epoch();
    verifier.forget_keys();
    assert!(verifier.key_epoch() > epoch);
    assert_eq!(
        verifier
            .verify_at_hand(&good, &audiences, NOW)
            .unwrap_err()
            .reason,
        Reason::KeysUnavailable
    );
    published.down.store(false, Ordering::SeqCst);
    verifier.ready(HOUR).await.unwrap();
    assert_eq!(judge(&verifier, &good, NOW).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn fetch_that_began_before_keys_were_forgotten_does_not_count() {
    let published = Published::new(&[("good", 0), ("stolen", 1)]);
    let verifier = published.verifier().await;
    let stale = verifier.fetch_keys_now();
    let revoke = async {
        // The fetch is running and has both keys.
        sleep(Duration::from_millis(5)).await;
        published.publish(&[("good", 0)]);
        verifier.forget_keys();
    };
    let _outcomes = tokio::join!(stale, revoke);
    verifier.ready(HOUR).await.unwrap();
    let audiences = Audiences::Exactly(vec!["api".to_owned()]);
    let judge = |token: String| {
        verifier
            .verify_at_hand(&token, &audiences, NOW)
            .map(drop)
            .map_err(|denied| denied.reason)
    };
    assert_eq!(judge(token("stolen", 1, NOW)), Err(Reason::KeyUnknown));
    assert_eq!(judge(token("good", 0, NOW)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn hundred_thousand_unknown_key_ids_cause_one_fetch_per_cool_down() {
    let published = Published::new(&[("a", 0)]);
    let verifier = published.verifier().await;
    let rest = format!("{}.c2ln", URL_SAFE_NO_PAD.encode(claims(NOW).to_string()));
    let forged = |number: usize| {
        let header = json!({"alg": "RS256", "kid": format!("k{number}")}).to_string();
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
    };
    let mut sent = 0;
    for round in 0..5 {
        assert_eq!(published.fetches(), 1 + round);
        advance(Duration::from_secs(31)).await;
        for _ in 0..20_000 {
            assert_eq!(
                judge(&verifier, &forged(sent), NOW).await,
                Err(Reason::KeyUnknown)
            );
            sent += 1;
        }
    }
    assert_eq!((sent, published.fetches()), (100_000, 6));
    assert_eq!(judge(&verifier, &token("a", 0, NOW), NOW).await, Ok(()));

    // An unknown id that comes again and again triggers no fetch at the end of each cool-down.
    advance(Duration::from_secs(31)).await;
    for _ in 0..4 {
        assert_eq!(
            judge(&verifier, &forged(1_000_000), NOW).await,
            Err(Reason::KeyUnknown)
        );
        advance(Duration::from_secs(29)).await;
    }
    assert_eq!(published.fetches(), 7);
}

#[tokio::test(start_paused = true)]
async fn clock_step_is_judged_exactly_and_breaks_nothing() {
    struct Case {
        name: &'static str,
        now: u64,
        expected: Result<(), Reason>,
    }

    let verifier = Published::new(&[("a", 0)]).verifier().await;
    let token = token("a", 0, NOW);
    for Case {
        name,
        now,
        expected,
    } in [
        Case {
            name: "at issue",
            now: NOW,
            expected: Ok(()),
        },
        Case {
            name: "back by the skew",
            now: NOW - 60,
            expected: Ok(()),
        },
        Case {
            name: "back by a second more",
            now: NOW - 61,
            expected: Err(Reason::TokenNotYetValid),
        },
        Case {
            name: "back by five minutes",
            now: NOW - 300,
            expected: Err(Reason::TokenNotYetValid),
        },
        Case {
            name: "on by five minutes",
            now: NOW + 300,
            expected: Ok(()),
        },
        Case {
            name: "back by an hour",
            now: NOW - 3600,
            expected: Err(Reason::TokenNotYetValid),
        },
        Case {
            name: "within the skew after the end",
            now: NOW + 3659,
            expected: Ok(()),
        },
        Case {
            name: "at the end of the skew",
            now: NOW + 3660,
            expected: Err(Reason::TokenExpired),
        },
        Case {
            name: "five minutes after the end",
            now: NOW + 3900,
            expected: Err(Reason::TokenExpired),
        },
        Case {
            name: "1970",
            now: 0,
            expected: Err(Reason::TokenNotYetValid),
        },
        Case {
            name: "end of time",
            now: u64::MAX,
            expected: Err(Reason::TokenExpired),
        },
        Case {
            name: "at issue again",
            now: NOW,
            expected: Ok(()),
        },
    ] {
        assert_eq!(judge(&verifier, &token, now).await, expected, "{name}");
    }
}
