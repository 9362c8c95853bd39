use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep};

use super::{BUDGET, LATENCY, after, alice, cache, grant, numbered, refused, text};
use crate::error::TokenError;

fn throttled(seconds: u64) -> TokenError {
    TokenError::Throttled {
        retry_after: Duration::from_secs(seconds),
    }
}

/// What passes is asked again; what doesn't, is not; nothing takes longer than the budget.
#[tokio::test(start_paused = true)]
async fn passing_faults_are_retried_within_the_budget() {
    let hang = Duration::from_hours(1);
    let unavailable = || TokenError::Unavailable(StatusCode::BAD_GATEWAY);
    let unreachable = || TokenError::Unreachable("connection refused".into());
    for (faults, latency, fault, expected, questions) in [
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
        (9, LATENCY, refused(), "assertion_refused", 1),
    ] {
        let label = format!("{faults} × {fault} after {latency:?}");
        let (cache, asked) = cache(move |_, number| {
            if number < faults {
                after(latency, Err(fault.clone()))
            } else {
                numbered(number)
            }
        });
        let started = Instant::now();
        assert_eq!(text(&cache.token(&alice()).await), expected, "{label}");
        assert_eq!(asked.load(SeqCst), questions, "{label}");
        // Timers have a resolution of 1 ms.
        assert!(
            started.elapsed() <= BUDGET.total + Duration::from_millis(1),
            "{label}: {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_kept_for_every_user_of_the_tenant_and_no_other_tenant() {
    let (cache, asked) = cache(|_, number| {
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
    assert_eq!(asked.load(SeqCst), 1, "the endpoint is left alone");
    assert_eq!(
        text(&cache.token(&grant("fabrikam", "carol", "notify")).await),
        "1"
    );
    sleep(Duration::from_mins(1)).await;
    assert_eq!(text(&cache.token(&bob).await), "2");
}
