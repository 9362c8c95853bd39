use std::time::Duration;

use portcullis_policy::RateLimit;

use super::{Admission, RateLimiter, Subject, shared_key};

const LIMIT: RateLimit = RateLimit { requests: 3, per: Duration::from_hours(1) };

fn caller<'a>(tenant: &'a str, object_id: &'a str) -> Subject<'a> {
    Subject::Caller { tenant, object_id }
}

async fn admitted(limiter: &RateLimiter, policy: &str, subject: Subject<'_>) -> bool {
    let admission = limiter.admit(limiter.key(policy, subject), LIMIT).await.unwrap();
    matches!(admission, Admission::Admitted { .. })
}

#[tokio::test]
async fn callers_do_not_share_a_window() {
    let limiter = RateLimiter::in_memory();
    for expected in [true, true, true, false] {
        assert_eq!(admitted(&limiter, "p", caller("t", "o")).await, expected);
    }
    for other in [caller("t", "other"), caller("u", "o"), caller("to", ""), Subject::Address("to")] {
        assert!(admitted(&limiter, "p", other).await, "{other:?}");
    }
    assert!(admitted(&limiter, "q", caller("t", "o")).await, "each policy counts for itself");
}

#[test]
fn the_keys_of_a_store_are_the_same_everywhere_and_no_two_subjects_share_one() {
    let subjects = [
        ("p", caller("t", "o")),
        ("q", caller("t", "o")),
        ("p", caller("u", "o")),
        ("p", caller("t", "p")),
        ("p", caller("to", "")),
        ("p", caller("", "to")),
        ("pt", caller("", "o")),
        ("p", Subject::Address("t")),
        ("p", Subject::Address("to")),
    ];
    for (index, (policy, subject)) in subjects.iter().enumerate() {
        assert_eq!(shared_key(policy, *subject), shared_key(policy, *subject));
        for (other_policy, other) in subjects.iter().take(index) {
            assert_ne!(shared_key(policy, *subject), shared_key(other_policy, *other), "{subject:?} {other:?}");
        }
    }
}
