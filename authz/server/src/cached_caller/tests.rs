use std::sync::Arc;

use portcullis_assertion::{Signer, Statement};
use portcullis_policy::Grant;
use portcullis_token::{Caller, CallerKind, Claims, Verified};

use super::CachedCaller;
use crate::rate_limit::{LimitMemory, RateLimiter, Subject};
use crate::shared_identity::SharedIdentity;

fn cached(name: &str, roles: usize) -> CachedCaller {
    let caller = Caller {
        tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
        object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
        kind: CallerKind::User,
        actor: Some("3a5c0004-0000-4000-8000-000000000004".to_owned()),
        name: Some(name.to_owned()),
        email: None,
        roles: (0..roles).map(|role| format!("Role \"{role}\"")).collect(),
        scopes: vec!["access_as_user".to_owned()],
    };
    let shared = Arc::new(SharedIdentity::new(&caller).unwrap());
    let verified = Verified {
        caller,
        claims: Claims::default(),
        valid: 0..1,
        key_epoch: 0,
    };
    let subject = Subject::Caller {
        tenant: "t",
        object_id: "o",
    };
    let key = RateLimiter::in_memory(LimitMemory::default())
        .unwrap()
        .key("p", subject);
    CachedCaller::new(&verified, Grant::default(), key, shared).unwrap()
}

#[test]
fn reserved_memory_holds_the_assertion_and_little_more() {
    struct Case<'a> {
        name: &'static str,
        audience: &'static str,
        caller: &'a str,
        roles: usize,
    }
    let signer = Signer::generate().unwrap();
    for Case {
        name,
        audience,
        caller,
        roles,
    } in [
        Case {
            name: "short names",
            audience: "u",
            caller: "n",
            roles: 0,
        },
        Case {
            name: "usual names",
            audience: "task-api",
            caller: "User Number One",
            roles: 1,
        },
        Case {
            name: "characters that are escaped",
            audience: "task-api",
            caller: "\u{1}\"\\ René 🦀",
            roles: 3,
        },
        Case {
            name: "long names and many roles",
            audience: "a-service-with-a-rather-long-name.example",
            caller: &"x".repeat(8000),
            roles: 300,
        },
    ] {
        let without = cached(caller, roles);
        let caller = cached(caller, roles).with_room_for_assertion(audience);
        let statement = Statement {
            audience,
            request: None,
            issued_at: 1_800_000_000,
        };
        let members = [&*caller.members().unwrap(), &*caller.shared.members];
        let assertion = signer.sign_for(&statement, members).unwrap();
        assert!(caller.has_room_for(&assertion), "{name}");
        assert!(
            !caller.has_room_for(&format!("{assertion}{}", "x".repeat(128))),
            "{name}"
        );
        let weighed = caller.bytes() - without.bytes();
        assert!(
            weighed > assertion.len() && weighed < assertion.len() * 5 / 4 + 256,
            "{name}: {weighed}"
        );
        assert!(
            !without.has_room_for(&assertion),
            "{name}: no memory is reserved for a caller without unbound assertions"
        );
    }
}
