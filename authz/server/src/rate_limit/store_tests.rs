//! The rate-limit store with a real Redis: shared, killed, hung, and with TLS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dev_stack::{RedisServer, TlsFiles};
use futures::future::join_all;
use portcullis_policy::RateLimit;

use super::store::{Store, StoreMetrics, StoreSettings, name_of};
use super::{
    Admission, ClientAddress, LimitMemory, RateLimiter, StoreDown, Subject, WhenStoreIsDown,
};

/// Timeout of the store in these tests. Generous, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(2);
const SUBJECT: Subject<'_> = Subject::Caller {
    tenant: "t",
    object_id: "o",
};

fn limit(requests: u32, per: Duration) -> RateLimit {
    RateLimit { requests, per }
}

fn replica_of(url: &str, ca: Option<PathBuf>, when_down: WhenStoreIsDown) -> RateLimiter {
    let settings = StoreSettings {
        url: url.parse().unwrap(),
        ca,
        timeout: PATIENCE,
    };
    let store = Store::new(settings, StoreMetrics::default()).unwrap();
    RateLimiter::shared(store, when_down, LimitMemory::default()).unwrap()
}

fn replica(redis: &RedisServer, when_down: WhenStoreIsDown) -> RateLimiter {
    replica_of(&redis.url(), None, when_down)
}

async fn admit(limiter: &RateLimiter, limit: RateLimit) -> Result<bool, StoreDown> {
    let admission = limiter
        .admit_caller(limiter.key("p", SUBJECT), limit)
        .await?;
    Ok(matches!(admission, Admission::Admitted { .. }))
}

/// Sends a command to Redis without the limiter.
async fn command(redis: &RedisServer, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let (name, arguments) = words.split_first().unwrap();
    redis::cmd(name)
        .arg(arguments)
        .query_async(&mut connection)
        .await
        .unwrap()
}

fn key_of(limiter: &RateLimiter) -> String {
    name_of(limiter.key("p", SUBJECT))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_replicas_together_admit_no_more_than_one() {
    let redis = RedisServer::start().await.unwrap();
    let replicas: Vec<_> = (0..3)
        .map(|_| Arc::new(replica(&redis, WhenStoreIsDown::Refuse)))
        .collect();
    // Longer than the test may take, so that the number admitted is exact.
    let limit = limit(500, Duration::from_mins(10));
    let tasks = (0..16).map(|task| {
        let replica = Arc::clone(&replicas[task % replicas.len()]);
        tokio::spawn(async move {
            let mut admitted = 0;
            for _ in 0..500 {
                admitted += usize::from(admit(&replica, limit).await.unwrap());
            }
            admitted
        })
    });
    let admitted: usize = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(admitted, 500, "of 8,000 requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn window_slides_and_says_what_is_left() {
    let redis = RedisServer::start().await.unwrap();
    let limiter = replica(&redis, WhenStoreIsDown::Refuse);
    let limit = limit(2, Duration::from_millis(500));
    let admission = || async {
        limiter
            .admit_caller(limiter.key("p", SUBJECT), limit)
            .await
            .unwrap()
    };
    let Admission::Admitted { remaining: 1, .. } = admission().await else {
        panic!("the first is admitted")
    };
    let Admission::Admitted {
        remaining: 0,
        reset,
    } = admission().await
    else {
        panic!("the second is admitted")
    };
    assert!(reset <= limit.per);
    let denied_at = Instant::now();
    let Admission::Denied { retry_after } = admission().await else {
        panic!("the third is denied")
    };
    assert!(retry_after <= limit.per);
    // A retry after that time is admitted.
    tokio::time::sleep(retry_after).await;
    assert!(
        matches!(admission().await, Admission::Admitted { .. }),
        "after {:?}",
        denied_at.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_that_steps_back_admits_no_request_too_many() {
    let redis = RedisServer::start().await.unwrap();
    let limiter = replica(&redis, WhenStoreIsDown::Refuse);
    let limit = limit(3, Duration::from_mins(1));
    assert!(admit(&limiter, limit).await.unwrap());
    // A clock that was set back by an hour leaves a time in the list that is in the future.
    let redis::Value::Array(time) = command(&redis, &["TIME"]).await else {
        panic!("TIME answers two numbers")
    };
    let seconds: u64 = redis::from_redis_value(time[0].clone()).unwrap();
    let later = ((seconds + 3600) * 1_000_000).to_string();
    command(&redis, &["RPUSH", &key_of(&limiter), &later]).await;
    // Time stands still at the latest time in the list, when the first request has left the window.
    for expected in [true, true, false, false] {
        assert_eq!(admit(&limiter, limit).await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_costs_one_round_trip_and_its_key_expires_with_the_window() {
    let redis = RedisServer::start().await.unwrap();
    let limiter = replica(&redis, WhenStoreIsDown::Refuse);
    let limit = limit(1000, Duration::from_mins(1));
    admit(&limiter, limit).await.unwrap();
    command(&redis, &["CONFIG", "RESETSTAT"]).await;
    for _ in 0..50 {
        admit(&limiter, limit).await.unwrap();
    }
    let stats: String =
        redis::from_redis_value(command(&redis, &["INFO", "commandstats"]).await).unwrap();
    assert!(stats.contains("cmdstat_evalsha:calls=50,"), "{stats}");
    assert!(
        !stats.contains("cmdstat_eval:") && !stats.contains("cmdstat_script"),
        "{stats}"
    );
    let left: i64 =
        redis::from_redis_value(command(&redis, &["PTTL", &key_of(&limiter)]).await).unwrap();
    assert!((1..=60_000).contains(&left), "{left} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn store_that_is_down_makes_replicas_count_alone_or_refuse() {
    let mut redis = RedisServer::start().await.unwrap();
    let alone = replica(&redis, WhenStoreIsDown::CountAlone);
    let refusing = replica(&redis, WhenStoreIsDown::Refuse);
    let limit = limit(2, Duration::from_mins(10));
    assert_eq!(admit(&alone, limit).await, Ok(true));
    assert_eq!(admit(&refusing, limit).await, Ok(true));
    assert_eq!(
        admit(&alone, limit).await,
        Ok(false),
        "both count in the store"
    );
    assert!(alone.store_is_up().is_some_and(|(_, up)| up));

    redis.crash().await.unwrap();
    for expected in [true, true, false] {
        assert_eq!(
            admit(&alone, limit).await,
            Ok(expected),
            "the limit holds in each replica"
        );
    }
    assert_eq!(admit(&refusing, limit).await, Err(StoreDown));
    assert!(alone.store_is_up().is_some_and(|(_, up)| !up));

    redis.start_again().await.unwrap();
    let recovered = async {
        while admit(&refusing, limit).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), recovered)
        .await
        .expect("the circuit breaker closes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn store_that_hangs_delays_one_request_and_not_all() {
    let redis = RedisServer::start().await.unwrap();
    let limiter = replica(&redis, WhenStoreIsDown::CountAlone);
    let limit = limit(1000, Duration::from_mins(10));
    assert_eq!(admit(&limiter, limit).await, Ok(true));
    redis.hang().unwrap();
    let started = Instant::now();
    assert_eq!(admit(&limiter, limit).await, Ok(true));
    let first = started.elapsed();
    assert!(first >= PATIENCE && first < 5 * PATIENCE, "{first:?}");
    let started = Instant::now();
    for _ in 0..100 {
        assert_eq!(admit(&limiter, limit).await, Ok(true));
    }
    assert!(
        started.elapsed() < 50 * PATIENCE,
        "100 requests took {:?}",
        started.elapsed()
    );
    redis.go_on().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn store_with_tls_needs_a_certificate_of_a_trusted_authority() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, pem: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path
    };
    let authority = || rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let trusted = authority();
    let other = authority();
    let certificate = write("server.pem", trusted.cert.pem());
    let files = TlsFiles {
        certificate: certificate.clone(),
        key: write("key.pem", trusted.signing_key.serialize_pem()),
    };
    let redis = RedisServer::start_with_tls(files).await.unwrap();
    let limit = limit(1, Duration::from_mins(10));
    let trusting = replica_of(&redis.url(), Some(certificate), WhenStoreIsDown::Refuse);
    assert_eq!(admit(&trusting, limit).await, Ok(true));
    assert_eq!(admit(&trusting, limit).await, Ok(false));
    for (name, ca) in [
        ("the system's authorities", None),
        (
            "another authority",
            Some(write("other.pem", other.cert.pem())),
        ),
    ] {
        let wary = replica_of(&redis.url(), ca, WhenStoreIsDown::Refuse);
        assert_eq!(admit(&wary, limit).await, Err(StoreDown), "{name}");
    }
}

/// Replicas behind different listeners see the same client as IPv4 and as IPv4-mapped IPv6.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_count_an_address_together_in_every_spelling() {
    struct Case {
        name: &'static str,
        spellings: [&'static str; 3],
        other: &'static str,
    }
    let redis = RedisServer::start().await.unwrap();
    let replicas = [
        replica(&redis, WhenStoreIsDown::Refuse),
        replica(&redis, WhenStoreIsDown::Refuse),
    ];
    let limit = limit(2, Duration::from_mins(10));
    let admitted = async |replica: &RateLimiter, written| {
        let admission = replica
            .admit_address("p", ClientAddress::read(written), limit)
            .await
            .unwrap();
        matches!(admission, Admission::Admitted { .. })
    };
    let [one, two] = &replicas;
    for Case {
        name,
        spellings: [first, second, third],
        other,
    } in [
        Case {
            name: "IPv4",
            spellings: ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"],
            other: "192.0.2.2",
        },
        Case {
            name: "IPv6",
            spellings: ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:1::"],
            other: "2001:db8:0:1::1",
        },
    ] {
        assert!(
            admitted(one, first).await && admitted(two, second).await,
            "{name}"
        );
        assert!(
            !admitted(one, third).await && !admitted(two, first).await,
            "{name}"
        );
        assert!(admitted(two, other).await, "{name}");
    }
}
