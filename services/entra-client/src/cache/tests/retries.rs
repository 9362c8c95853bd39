use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep};

use super::{BUDGET, LATENCY, after, alice, cache, grant, numbered, permanent_error, text};
use crate::error::TokenError;

fn throttled(seconds: u64) -> TokenError {
    TokenError::Throttled {
        retry_after: Duration::from_secs(seconds),
    }
}

/// Only transient errors are retried, and no call takes longer than the budget.
#[tokio::test(start_paused = true)]
async fn transient_errors_are_retried_within_the_budget() {
    let hang = Duration::from_hours(1);
    let unavailable = || TokenError::Unavailable(StatusCode::BAD_GATEWAY);
    let unreachable = || TokenError::Unreachable("connection refused".into());
    for (faults, latency, fault, expected, attempts) in [
        (1, LATENCY, unavailable(), "1", 2),
        (2, LATENCY, unavailable(), "2", 3),
        (9, LATENCY, unavailable(), "endpoint_unavailable", 3),
        (1, LATENCY, unreachable(), "1", 2),
        (1, LATENCY, TokenError::Unreadable, "1", 2),
        (1, hang, unreachable(), "1", 2),
        (9, hang, unreachable(), "endpoint_timeout", 3),
        (1, LATENCY, throttled(1), "1", 2),
        (1, LATENCY, throttled(0), "1", 2),
        (9, LATENCY, throttled(60), "endpoint_throttled", 1),
        (9, LATENCY, permanent_error(), "assertion_refused", 1),
    ] {
        let label = format!("{faults} × {fault} after {latency:?}");
        let (cache, requests) = cache(move |_, number| {
            if number < faults {
                after(latency, Err(fault.clone()))
            } else {
                numbered(number)
            }
        });
        let started = Instant::now();
        assert_eq!(text(&cache.token(&alice()).await), expected, "{label}");
        assert_eq!(requests.load(SeqCst), attempts, "{label}");
        // Timers have a resolution of 1 ms.
        assert!(
            started.elapsed() <= BUDGET.total + Duration::from_millis(1),
            "{label}: {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_kept_for_all_users_of_the_tenant_only() {
    let (cache, requests) = cache(|_, number| {
        if number == 0 {
            after(LATENCY, Err(throttled(60)))
        } else {
            numbered(number)
        }
    });
    let bob = grant("contoso", "bob", "notify");
    assert_eq!(text(&cache.token(&alice()).await), "endpoint_throttled");
    for _ in 0..100 {
        let started = Instant::now();
        let answer = cache.token(&bob).await;
        assert_eq!(
            (text(&answer).as_str(), started.elapsed()),
            ("endpoint_throttled", Duration::ZERO)
        );
        let Err(TokenError::Throttled { retry_after }) = answer else {
            panic!("{answer:?}")
        };
        assert!(retry_after <= Duration::from_mins(1), "{retry_after:?}");
    }
    assert_eq!(requests.load(SeqCst), 1, "no request during the pause");
    assert_eq!(
        text(&cache.token(&grant("fabrikam", "carol", "notify")).await),
        "1"
    );
    sleep(Duration::from_mins(1)).await;
    assert_eq!(text(&cache.token(&bob).await), "2");
}
