use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::{LATENCY, LIFE, after, alice, cache, grant, numbered, refused, text};
use crate::error::TokenError;

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_at_once_ask_once() {
    let (cache, asked) = cache(|_, number| numbered(number));
    for (round, expected) in ["0", "1"].into_iter().enumerate() {
        let answers = join_all((0..1000).map(|_| {
            let cache = Arc::clone(&cache);
            async move { text(&cache.token(&alice()).await) }
        }))
        .await;
        assert!(answers.iter().all(|answer| answer == expected));
        assert_eq!(asked.load(SeqCst), round + 1);
        // The second time it has ended, and nobody renewed it in time.
        sleep(LIFE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_takes_nobody_elses_answer_away() {
    let (cache, asked) = cache(|_, number| numbered(number));
    assert!(timeout(LATENCY / 4, cache.token(&alice())).await.is_err());
    let answer = timeout(LATENCY, cache.token(&alice())).await.unwrap();
    assert_eq!((text(&answer).as_str(), asked.load(SeqCst)), ("0", 1));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_early_while_the_old_one_serves() {
    let (cache, asked) = cache(|_, number| numbered(number));
    cache.token(&alice()).await.unwrap();
    sleep(LIFE / 4 * 3).await;
    assert_eq!(text(&cache.token(&alice()).await), "0");
    assert_eq!(asked.load(SeqCst), 1, "not yet due");
    sleep(LIFE / 20).await;
    let started = Instant::now();
    let first = alice();
    let answers = join_all((0..100).map(|_| cache.token(&first))).await;
    assert!(answers.iter().all(|answer| text(answer) == "0"));
    assert_eq!(
        started.elapsed(),
        Duration::ZERO,
        "nobody waits for the renewal"
    );
    sleep(LATENCY * 2).await;
    assert_eq!(text(&cache.token(&alice()).await), "1");
    assert_eq!(asked.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_repeated_seldom_and_the_token_serves_to_its_end() {
    let answer = |_, number| {
        if number == 0 {
            numbered(number)
        } else {
            after(LATENCY, Err(refused()))
        }
    };
    let (cache, asked) = cache(answer);
    let born = Instant::now();
    cache.token(&alice()).await.unwrap();
    sleep(LIFE / 5 * 4).await;
    while born.elapsed() + Duration::from_secs(32) < LIFE {
        assert_eq!(text(&cache.token(&alice()).await), "0");
        sleep(Duration::from_millis(500)).await;
    }
    let renewals = asked.load(SeqCst) - 1;
    // 168 s of being due, one renewal each ten seconds.
    assert!((16..=17).contains(&renewals), "{renewals}");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(text(&cache.token(&alice()).await), "assertion_refused");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_for_a_second_and_a_passing_fault_not_at_all() {
    let (refusing, asked) = cache(|_, _| after(LATENCY, Err(refused())));
    for _ in 0..50 {
        assert_eq!(text(&refusing.token(&alice()).await), "assertion_refused");
    }
    assert_eq!(asked.load(SeqCst), 1);
    assert_eq!(
        text(&refusing.token(&grant("contoso", "bob", "notify")).await),
        "assertion_refused"
    );
    assert_eq!(asked.load(SeqCst), 2, "a refusal is of one grant");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(text(&refusing.token(&alice()).await), "assertion_refused");
    assert_eq!(asked.load(SeqCst), 3);

    let fault = || after(LATENCY, Err(TokenError::Unreadable));
    let (passing, _) = cache(move |_, number| {
        if number < 3 {
            fault()
        } else {
            numbered(number)
        }
    });
    assert_eq!(text(&passing.token(&alice()).await), "reply_unreadable");
    assert_eq!(text(&passing.token(&alice()).await), "3");
}

#[tokio::test(start_paused = true)]
async fn only_the_token_that_was_not_accepted_is_dropped() {
    let (cache, asked) = cache(|_, number| numbered(number));
    let first = cache.token(&alice()).await.unwrap();
    cache.forget(&alice(), &first);
    let second = cache.token(&alice()).await.unwrap();
    assert_eq!(second.reveal(), "1");
    // Others report the first one late.
    cache.forget(&alice(), &first);
    assert_eq!(text(&cache.token(&alice()).await), "1");
    assert_eq!(asked.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn the_cache_is_bounded_and_drops_what_was_used_least_recently() {
    let (cache, asked) = cache(|_, number| numbered(number));
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
    assert_eq!(asked.load(SeqCst), 1000);
    cache
        .token(&grant("contoso", "user 1", "notify"))
        .await
        .unwrap();
    assert_eq!(asked.load(SeqCst), 1001);
}
