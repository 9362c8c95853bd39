use std::sync::Arc;

use portcullis_token::{Caller, CallerKind};

use super::{SharedIdentities, SharedIdentity};

const CAPACITY: u64 = 1024 * 1024;

fn caller() -> Caller {
    Caller {
        tenant: "t".to_owned(),
        object_id: "o".to_owned(),
        kind: CallerKind::User,
        actor: Some("c".to_owned()),
        name: None,
        email: None,
        roles: vec!["Reader".to_owned(), "Editor".to_owned()],
        scopes: vec!["read".to_owned()],
    }
}

#[test]
fn callers_of_the_same_group_share_an_identity() {
    let all = SharedIdentities::new(CAPACITY).unwrap();
    let first = all.of(&caller()).unwrap();
    let other = Caller {
        object_id: "p".to_owned(),
        name: Some("n".to_owned()),
        email: Some("e".to_owned()),
        ..caller()
    };
    assert!(
        Arc::ptr_eq(&first, &all.of(&caller()).unwrap())
            && Arc::ptr_eq(&first, &all.of(&other).unwrap())
    );
}

#[test]
fn caller_of_another_group_gets_its_own_identity() {
    struct Case {
        name: &'static str,
        other: Caller,
    }
    let all = SharedIdentities::new(CAPACITY).unwrap();
    let text = |text: &str| text.to_owned();
    for Case { name, other } in [
        Case {
            name: "the first group",
            other: caller(),
        },
        Case {
            name: "another tenant",
            other: Caller {
                tenant: text("u"),
                ..caller()
            },
        },
        Case {
            name: "another kind",
            other: Caller {
                kind: CallerKind::Application,
                ..caller()
            },
        },
        Case {
            name: "another actor",
            other: Caller {
                actor: Some(text("d")),
                ..caller()
            },
        },
        Case {
            name: "no actor",
            other: Caller {
                actor: None,
                ..caller()
            },
        },
        Case {
            name: "one role less",
            other: Caller {
                roles: vec![text("Reader")],
                ..caller()
            },
        },
        Case {
            name: "the roles in another order",
            other: Caller {
                roles: vec![text("Editor"), text("Reader")],
                ..caller()
            },
        },
        Case {
            name: "a scope as a role",
            other: Caller {
                roles: vec![text("Reader"), text("Editor"), text("read")],
                scopes: vec![],
                ..caller()
            },
        },
        Case {
            name: "the roles as one",
            other: Caller {
                roles: vec![text("ReaderEditor")],
                ..caller()
            },
        },
        Case {
            name: "one scope more",
            other: Caller {
                scopes: vec![text("read"), text("write")],
                ..caller()
            },
        },
        Case {
            name: "no scope",
            other: Caller {
                scopes: vec![],
                ..caller()
            },
        },
    ] {
        let found = all.of(&other).unwrap();
        let expected = SharedIdentity::new(&other).unwrap();
        assert_eq!(
            (&found.tenant, &found.headers),
            (&expected.tenant, &expected.headers),
            "{name}: {other:?}"
        );
        assert_eq!(found.members, expected.members, "{name}: {other:?}");
    }
}

/// A combination of roles that takes some kilobytes, different for each number.
fn combination(number: u32) -> Caller {
    let role = |index| format!("Role.With.A.Long.Name.{number:06}.{index:04}");
    Caller {
        roles: (0..100).map(role).collect(),
        ..caller()
    }
}

#[test]
fn held_identities_are_weighed_after_they_left_the_index() {
    let all = SharedIdentities::new(CAPACITY).unwrap();
    let held: Vec<_> = (0..1_000)
        .map(|number| all.of(&combination(number)).unwrap())
        .collect();
    assert!(
        all.bytes() <= CAPACITY && all.bytes() > CAPACITY / 2,
        "{}",
        all.bytes()
    );
    let weighed: usize = held.iter().map(|shared| shared.unshared_bytes()).sum();
    let bytes: usize = held.iter().map(|shared| shared.bytes()).sum();
    let shared: usize = held.iter().filter(|shared| shared.charge.is_some()).count();
    assert!(shared > 20 && shared < 200, "{shared}");
    // Each is weighed once: with its caller, or here together with its key.
    assert!(weighed + usize::try_from(all.bytes()).unwrap() >= bytes);
    drop(held);
    assert!(
        all.bytes() <= CAPACITY / 2,
        "dropped identities release their memory: {}",
        all.bytes()
    );
    assert_eq!(all.bytes(), all.index.weight());
    assert_eq!(
        all.of(&combination(2_000)).unwrap().unshared_bytes(),
        0,
        "there is room again"
    );
}

#[test]
fn identity_larger_than_the_memory_is_not_shared() {
    let all = SharedIdentities::new(1024).unwrap();
    let shared = all.of(&combination(1)).unwrap();
    assert_eq!((all.bytes(), shared.unshared_bytes()), (0, shared.bytes()));
}
