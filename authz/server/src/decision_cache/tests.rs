use std::sync::Arc;

use portcullis_assertion::Signer;
use portcullis_policy::{Grant, PolicySet};
use portcullis_runtime::Registry;
use portcullis_token::{Caller, CallerKind, Claims, Verified};

use super::{DecisionCache, LEAST_SHARED, TokenKey};
use crate::authorizer::Authorizer;
use crate::cached_caller::CachedCaller;
use crate::metrics::Metrics;
use crate::rate_limit::{LimitMemory, RateLimiter, Subject};
use crate::routes::Routes;
use crate::signers::Signers;

const BEGIN: u64 = 1_800_000_000;
const END: u64 = BEGIN + 3600;
const EPOCH: u64 = 7;

fn caller(object_id: &str) -> Caller {
    Caller {
        tenant: "t".to_owned(),
        object_id: object_id.to_owned(),
        kind: CallerKind::User,
        actor: None,
        name: None,
        email: None,
        roles: vec!["Reader".to_owned()],
        scopes: Vec::new(),
    }
}

fn cached(cache: &DecisionCache, object_id: &str) -> Arc<CachedCaller> {
    cached_as(cache, &caller(object_id))
}

fn cached_as(cache: &DecisionCache, caller: &Caller) -> Arc<CachedCaller> {
    let verified = Verified {
        caller: caller.clone(),
        claims: Claims::default(),
        valid: BEGIN..END,
        key_epoch: EPOCH,
    };
    let limit_key = RateLimiter::in_memory(LimitMemory::default()).unwrap().key(
        "p",
        Subject::Caller {
            tenant: "t",
            object_id: &caller.object_id,
        },
    );
    let shared = cache.shared.of(caller).unwrap();
    Arc::new(CachedCaller::new(&verified, Grant::default(), limit_key, shared).unwrap())
}

fn cache_with(capacity: u64, line: &[u8]) -> (DecisionCache, TokenKey) {
    let cache = DecisionCache::new(capacity).unwrap();
    let key = cache.key(1, line).unwrap();
    cache.insert(key, cached(&cache, "o"));
    (cache, key)
}

#[test]
fn cached_caller_is_found_while_the_token_is_valid_and_the_keys_stay() {
    struct Case {
        name: &'static str,
        now: u64,
        epoch: u64,
        expected: bool,
    }
    for Case {
        name,
        now,
        epoch,
        expected,
    } in [
        Case {
            name: "the first second",
            now: BEGIN,
            epoch: EPOCH,
            expected: true,
        },
        Case {
            name: "the last second",
            now: END - 1,
            epoch: EPOCH,
            expected: true,
        },
        Case {
            name: "before it is valid",
            now: BEGIN - 1,
            epoch: EPOCH,
            expected: false,
        },
        Case {
            name: "after it was valid",
            now: END,
            epoch: EPOCH,
            expected: false,
        },
        Case {
            name: "later keys",
            now: BEGIN,
            epoch: EPOCH + 1,
            expected: false,
        },
        Case {
            name: "earlier keys",
            now: BEGIN,
            epoch: EPOCH - 1,
            expected: false,
        },
    ] {
        let (cache, key) = cache_with(1 << 20, b"Bearer x");
        assert_eq!(cache.get(key, now, epoch).is_some(), expected, "{name}");
        // A caller whose token is not valid any more is dropped.
        assert_eq!(cache.size().callers, usize::from(expected), "{name}");
    }
}

#[test]
fn token_key_covers_the_policy_and_every_byte_of_the_line() {
    struct Case {
        name: &'static str,
        policy: u32,
        line: &'static [u8],
    }
    let (cache, key) = cache_with(1 << 20, b"Bearer abc");
    assert_eq!(cache.key(1, b"Bearer abc"), Some(key));
    for Case { name, policy, line } in [
        Case {
            name: "another policy",
            policy: 2,
            line: &b"Bearer abc"[..],
        },
        Case {
            name: "another last byte",
            policy: 1,
            line: b"Bearer abd",
        },
        Case {
            name: "another case",
            policy: 1,
            line: b"bearer abc",
        },
        Case {
            name: "one byte more",
            policy: 1,
            line: b"Bearer abc\0",
        },
        Case {
            name: "one byte less",
            policy: 1,
            line: b"Bearer ab",
        },
        Case {
            name: "no byte",
            policy: 1,
            line: b"",
        },
    ] {
        assert!(
            cache
                .get(cache.key(policy, line).unwrap(), BEGIN, EPOCH)
                .is_none(),
            "{name}"
        );
    }
    let other = DecisionCache::new(1 << 20).unwrap();
    assert_ne!(
        other.key(1, b"Bearer abc"),
        Some(key),
        "each cache has its own secret"
    );
}

#[test]
fn cache_stays_within_its_capacity_and_a_scan_evicts_no_regular_caller() {
    let capacity = 64 * 1024;
    let (cache, regular) = cache_with(capacity, b"Bearer regular");
    for number in 0..10_000_u32 {
        let key = cache.key(1, &number.to_be_bytes()).unwrap();
        cache.insert(key, cached(&cache, "o"));
        assert!(cache.size().bytes <= capacity);
        if number % 8 == 0 {
            assert!(
                cache.get(regular, BEGIN, EPOCH).is_some(),
                "evicted by {number} other callers"
            );
        }
    }
}

#[test]
fn cache_without_capacity_keeps_nothing() {
    let (cache, key) = cache_with(0, b"Bearer x");
    assert!(cache.get(key, BEGIN, EPOCH).is_none());
}

#[test]
fn unshared_identities_are_weighed_with_their_callers() {
    let capacity = 1024 * 1024;
    let cache = DecisionCache::new(capacity).unwrap();
    for number in 0..2_000_u32 {
        let roles = (0..200)
            .map(|role| format!("{number:08}.{role:030}"))
            .collect();
        let caller = Caller {
            roles,
            ..caller("o")
        };
        cache.insert(
            cache.key(1, &number.to_be_bytes()).unwrap(),
            cached_as(&cache, &caller),
        );
        let size = cache.size();
        // Shared identities keep this much even without a cache.
        assert!(size.bytes <= capacity + LEAST_SHARED, "{size:?}");
    }
    let size = cache.size();
    // Each list of roles takes 8 KiB as a header and as much in assertions.
    assert!(size.callers < 200 && size.bytes > capacity, "{size:?}");
}

#[test]
fn cache_is_dropped_with_its_routes_after_their_last_request() {
    let text = "{apiVersion: portcullis.dev/v1alpha1, kind: RoutePolicy, metadata: {name: p}, \
                spec: {allow: [{callers: anyone}], upstream: {name: u}}}";
    let set = PolicySet::compile([("p.yaml", text)]).unwrap();
    let metrics = Metrics::register(&mut Registry::default());
    let routes = || {
        Routes::new(
            &set,
            |_, _| None,
            DecisionCache::new(1 << 20).unwrap(),
            &metrics,
        )
    };
    let limiter = RateLimiter::in_memory(LimitMemory::default()).unwrap();
    let authorizer = Authorizer::new(
        routes(),
        Signers::public_only(Signer::generate().unwrap()),
        limiter,
    );
    let in_flight = authorizer.routes();
    let old = Arc::downgrade(&in_flight);
    authorizer.replace_routes(routes());
    assert!(
        old.upgrade().is_some(),
        "a request in flight goes on with its routes"
    );
    drop(in_flight);
    assert!(old.upgrade().is_none(), "nothing else keeps them");
}
