use std::time::Duration;

use portcullis_policy::RateLimit;

use super::{Admission, ClientAddress, LimitMemory, RateLimiter, Subject, shared_key};

const LIMIT: RateLimit = RateLimit {
    requests: 3,
    per: Duration::from_hours(1),
};

fn caller<'a>(tenant: &'a str, object_id: &'a str) -> Subject<'a> {
    Subject::Caller { tenant, object_id }
}

fn address(written: &str) -> Subject<'_> {
    Subject::Address(ClientAddress::read(written))
}

fn limiter() -> RateLimiter {
    RateLimiter::in_memory(LimitMemory::default())
}

async fn admit(limiter: &RateLimiter, policy: &str, subject: Subject<'_>) -> Admission {
    let admission = match subject {
        Subject::Caller { .. } => {
            limiter
                .admit_caller(limiter.key(policy, subject), LIMIT)
                .await
        }
        Subject::Address(client) => limiter.admit_address(policy, client, LIMIT).await,
    };
    admission.unwrap()
}

async fn admitted(limiter: &RateLimiter, policy: &str, subject: Subject<'_>) -> bool {
    matches!(
        admit(limiter, policy, subject).await,
        Admission::Admitted { .. }
    )
}

#[tokio::test]
async fn callers_do_not_share_a_window() {
    let limiter = limiter();
    for expected in [true, true, true, false] {
        assert_eq!(admitted(&limiter, "p", caller("t", "o")).await, expected);
    }
    for other in [
        caller("t", "other"),
        caller("u", "o"),
        caller("to", ""),
        address("192.0.2.1"),
    ] {
        assert!(admitted(&limiter, "p", other).await, "{other:?}");
    }
    assert!(
        admitted(&limiter, "q", caller("t", "o")).await,
        "each policy counts for itself"
    );
}

#[tokio::test]
async fn address_is_limited_in_every_spelling() {
    for (name, spellings) in [
        (
            "IPv4-mapped",
            ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201"],
        ),
        (
            "a /64",
            [
                "2001:db8::1",
                "2001:db8::2",
                "2001:db8:0:0:ffff:ffff:ffff:ffff",
            ],
        ),
        ("unreadable", ["", "somewhere", "192.0.2.1:1234"]),
    ] {
        let limiter = limiter();
        for spelling in spellings {
            assert!(
                admitted(&limiter, "p", address(spelling)).await,
                "{name}: {spelling}"
            );
        }
        for spelling in spellings {
            assert!(
                !admitted(&limiter, "p", address(spelling)).await,
                "{name}: {spelling}"
            );
        }
        assert!(
            admitted(&limiter, "p", address("198.51.100.1")).await,
            "{name}"
        );
        assert!(
            admitted(&limiter, "p", address("2001:db8:0:1::1")).await,
            "{name}"
        );
    }
}

/// A quarter of a million networks send requests within one window. When callers and addresses
/// shared memory, 125,000 were enough to give a limited user the whole limit again.
#[tokio::test]
async fn flood_of_addresses_frees_no_caller_from_a_limit() {
    let limiter = limiter();
    let user = caller("t", "o");
    let client = address("192.0.2.1");
    for subject in [user, client] {
        for expected in [true, true, true, false] {
            assert_eq!(
                admitted(&limiter, "p", subject).await,
                expected,
                "{subject:?}"
            );
        }
    }
    let mut full = 0;
    for network in 0..250_000_u64 {
        let subject = Subject::Address(ClientAddress::V6Network(network));
        match admit(&limiter, "p", subject).await {
            Admission::Admitted { .. } => {}
            Admission::Full { retry_after } => {
                assert!(retry_after <= LIMIT.per);
                full += 1;
            }
            Admission::Denied { .. } => panic!("network {network} sent one request"),
        }
    }
    assert!(full > 0, "the memory of addresses is full");
    for subject in [user, client] {
        assert!(
            !admitted(&limiter, "p", subject).await,
            "{subject:?} is still limited"
        );
    }
    // Other verified callers notice nothing.
    for expected in [true, true, true, false] {
        assert_eq!(
            admitted(&limiter, "p", caller("t", "another")).await,
            expected
        );
    }
    let [(_, callers), (_, addresses)] = limiter.held();
    assert_eq!(callers.windows, 2);
    assert!(
        addresses.windows > 100_000 && addresses.bytes <= addresses.capacity,
        "{addresses:?}"
    );
}

#[test]
fn store_keys_are_the_same_in_every_replica_and_differ_for_subjects() {
    let subjects = [
        ("p", caller("t", "o")),
        ("q", caller("t", "o")),
        ("p", caller("u", "o")),
        ("p", caller("t", "p")),
        ("p", caller("to", "")),
        ("p", caller("", "to")),
        ("pt", caller("", "o")),
        ("p", address("192.0.2.1")),
        ("p", address("2001:db8::1")),
    ];
    for (index, (policy, subject)) in subjects.iter().enumerate() {
        assert_eq!(shared_key(policy, *subject), shared_key(policy, *subject));
        for (other_policy, other) in subjects.iter().take(index) {
            assert_ne!(
                shared_key(policy, *subject),
                shared_key(other_policy, *other),
                "{subject:?} {other:?}"
            );
        }
    }
}
