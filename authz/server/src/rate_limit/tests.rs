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
    RateLimiter::in_memory(LimitMemory::default()).unwrap()
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
    struct Case {
        name: &'static str,
        policy: &'static str,
        subject: Subject<'static>,
    }
    let limiter = limiter();
    for expected in [true, true, true, false] {
        assert_eq!(admitted(&limiter, "p", caller("t", "o")).await, expected);
    }
    for Case {
        name,
        policy,
        subject,
    } in [
        Case {
            name: "another caller of the tenant",
            policy: "p",
            subject: caller("t", "other"),
        },
        Case {
            name: "the same id in another tenant",
            policy: "p",
            subject: caller("u", "o"),
        },
        Case {
            name: "the same letters, divided otherwise",
            policy: "p",
            subject: caller("to", ""),
        },
        Case {
            name: "an address",
            policy: "p",
            subject: address("192.0.2.1"),
        },
        Case {
            name: "the caller under another policy",
            policy: "q",
            subject: caller("t", "o"),
        },
    ] {
        assert!(admitted(&limiter, policy, subject).await, "{name}");
    }
}

#[tokio::test]
async fn address_is_limited_in_every_spelling() {
    struct Case {
        name: &'static str,
        spellings: [&'static str; 3],
    }
    for Case { name, spellings } in [
        Case {
            name: "IPv4-mapped",
            spellings: ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201"],
        },
        Case {
            name: "a /64",
            spellings: [
                "2001:db8::1",
                "2001:db8::2",
                "2001:db8:0:0:ffff:ffff:ffff:ffff",
            ],
        },
        Case {
            name: "unreadable",
            spellings: ["", "somewhere", "192.0.2.1:1234"],
        },
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
    struct Case {
        name: &'static str,
        policy: &'static str,
        subject: Subject<'static>,
    }
    let case = |name, policy, subject| Case {
        name,
        policy,
        subject,
    };
    let cases = [
        case("a caller", "p", caller("t", "o")),
        case("another policy", "q", caller("t", "o")),
        case("another tenant", "p", caller("u", "o")),
        case("another object id", "p", caller("t", "p")),
        case("all letters in the tenant", "p", caller("to", "")),
        case("all letters in the object id", "p", caller("", "to")),
        case("the tenant in the policy", "pt", caller("", "o")),
        case("an IPv4 address", "p", address("192.0.2.1")),
        case("an IPv6 address", "p", address("2001:db8::1")),
    ];
    for (index, one) in cases.iter().enumerate() {
        let key = shared_key(one.policy, one.subject);
        assert_eq!(key, shared_key(one.policy, one.subject), "{}", one.name);
        for other in cases.iter().take(index) {
            assert_ne!(
                key,
                shared_key(other.policy, other.subject),
                "{} and {}",
                one.name,
                other.name
            );
        }
    }
}
