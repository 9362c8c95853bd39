use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::{LATENCY, LIFE, after, alice, cache, grant, numbered, permanent_error, text};
use crate::error::TokenError;

#[tokio::test(start_paused = true)]
async fn concurrent_callers_of_one_grant_share_one_request() {
    let (cache, requests) = cache(|_, number| numbered(number));
    for (round, expected) in ["0", "1"].into_iter().enumerate() {
        let answers = join_all((0..1000).map(|_| {
            let cache = Arc::clone(&cache);
            async move { text(&cache.token(&alice()).await) }
        }))
        .await;
        assert!(answers.iter().all(|answer| answer == expected));
        assert_eq!(requests.load(SeqCst), round + 1);
        // The token expires before the second round, because no call refreshed it in time.
        sleep(LIFE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn caller_that_gives_up_does_not_cancel_the_request() {
    let (cache, requests) = cache(|_, number| numbered(number));
    assert!(timeout(LATENCY / 4, cache.token(&alice())).await.is_err());
    let answer = timeout(LATENCY, cache.token(&alice())).await.unwrap();
    assert_eq!((text(&answer).as_str(), requests.load(SeqCst)), ("0", 1));
}

#[tokio::test(start_paused = true)]
async fn token_due_for_refresh_is_used_until_the_new_one_arrives() {
    let (cache, requests) = cache(|_, number| numbered(number));
    cache.token(&alice()).await.unwrap();
    sleep(LIFE / 4 * 3).await;
    assert_eq!(text(&cache.token(&alice()).await), "0");
    assert_eq!(requests.load(SeqCst), 1, "not yet due");
    sleep(LIFE / 20).await;
    let started = Instant::now();
    let first = alice();
    let answers = join_all((0..100).map(|_| cache.token(&first))).await;
    assert!(answers.iter().all(|answer| text(answer) == "0"));
    assert_eq!(
        started.elapsed(),
        Duration::ZERO,
        "no caller waits for the refresh"
    );
    sleep(LATENCY * 2).await;
    assert_eq!(text(&cache.token(&alice()).await), "1");
    assert_eq!(requests.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn failed_refresh_is_retried_every_ten_seconds_and_token_is_used_to_its_end() {
    let answer = |_, number| {
        if number == 0 {
            numbered(number)
        } else {
            after(LATENCY, Err(permanent_error()))
        }
    };
    let (cache, requests) = cache(answer);
    let born = Instant::now();
    cache.token(&alice()).await.unwrap();
    sleep(LIFE / 5 * 4).await;
    while born.elapsed() + Duration::from_secs(32) < LIFE {
        assert_eq!(text(&cache.token(&alice()).await), "0");
        sleep(Duration::from_millis(500)).await;
    }
    let refreshes = requests.load(SeqCst) - 1;
    // The token is due for 168 s, with one refresh every ten seconds.
    assert!((16..=17).contains(&refreshes), "{refreshes}");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(text(&cache.token(&alice()).await), "assertion_refused");
}

#[tokio::test(start_paused = true)]
async fn permanent_error_is_cached_for_a_second_and_transient_error_is_not() {
    let (denying, requests) = cache(|_, _| after(LATENCY, Err(permanent_error())));
    for _ in 0..50 {
        assert_eq!(text(&denying.token(&alice()).await), "assertion_refused");
    }
    assert_eq!(requests.load(SeqCst), 1);
    assert_eq!(
        text(&denying.token(&grant("contoso", "bob", "notify")).await),
        "assertion_refused"
    );
    assert_eq!(requests.load(SeqCst), 2, "an error is of one grant");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(text(&denying.token(&alice()).await), "assertion_refused");
    assert_eq!(requests.load(SeqCst), 3);

    let fault = || after(LATENCY, Err(TokenError::Unreadable));
    let (recovering, _) = cache(move |_, number| {
        if number < 3 {
            fault()
        } else {
            numbered(number)
        }
    });
    assert_eq!(text(&recovering.token(&alice()).await), "reply_unreadable");
    assert_eq!(text(&recovering.token(&alice()).await), "3");
}

#[tokio::test(start_paused = true)]
async fn forget_drops_only_the_reported_token() {
    let (cache, requests) = cache(|_, number| numbered(number));
    let first = cache.token(&alice()).await.unwrap();
    cache.forget(&alice(), &first);
    let second = cache.token(&alice()).await.unwrap();
    assert_eq!(second.reveal(), "1");
    // Other requests report the first token late.
    cache.forget(&alice(), &first);
    assert_eq!(text(&cache.token(&alice()).await), "1");
    assert_eq!(requests.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn full_cache_drops_the_least_recently_used_grant() {
    let (cache, requests) = cache(|_, number| numbered(number));
    for user in 0..1000 {
        cache
            .token(&grant("contoso", &format!("user {user}"), "notify"))
            .await
            .unwrap();
    }
    assert_eq!(cache.lock().len(), 100);
    cache
        .token(&grant("contoso", "user 950", "notify"))
        .await
        .unwrap();
    assert_eq!(requests.load(SeqCst), 1000);
    cache
        .token(&grant("contoso", "user 1", "notify"))
        .await
        .unwrap();
    assert_eq!(requests.load(SeqCst), 1001);
}
