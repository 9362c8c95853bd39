use portcullis_token::{Caller, CallerKind, KeySet};

use super::{AssertionDenied, Expected, Presented};
use crate::{ALGORITHMS, AssertedRequest, Assertion, MacKeys, Signer};

const NOW: u64 = 1_800_000_000;
pub(super) const MAC_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(super) fn assertion() -> Assertion {
    Assertion {
        audience: "task-api".to_owned(),
        caller: Caller {
            tenant: "t".to_owned(),
            object_id: "o".to_owned(),
            kind: CallerKind::User,
            actor: Some("web".to_owned()),
            name: Some("Renée, \"R\"\u{202e}".to_owned()),
            email: None,
            roles: vec!["Admin".to_owned()],
            scopes: vec!["access_as_user".to_owned()],
        },
        request: Some(AssertedRequest {
            id: "r".to_owned(),
            method: "GET".to_owned(),
            path: "/api/tasks?page=2".to_owned(),
        }),
        issued_at: NOW,
    }
}

pub(super) fn public_keys(signer: &Signer) -> KeySet {
    KeySet::parse(signer.key_set().as_bytes(), ALGORITHMS).unwrap()
}

pub(super) fn expected() -> Expected<'static> {
    Expected {
        audience: "task-api",
        method: "GET",
        path: "/api/tasks?page=2",
        accept_unbound: false,
        now: NOW,
    }
}

/// Keys of one algorithm, for both ends.
#[expect(clippy::large_enum_variant, reason = "two of them, in a test")]
#[derive(Debug)]
enum Keys {
    Es256(Signer),
    Hs256(MacKeys),
}

impl Keys {
    fn of_both_algorithms() -> [Self; 2] {
        [
            Self::Es256(Signer::generate().unwrap()),
            Self::Hs256(MacKeys::parse(MAC_KEY).unwrap()),
        ]
    }

    fn sign(&self, assertion: &Assertion) -> String {
        match self {
            Self::Es256(signer) => signer.sign(assertion),
            Self::Hs256(keys) => keys.sign(assertion),
        }
        .unwrap()
    }

    fn verify(&self, token: &str, expected: Expected<'_>) -> Result<Assertion, AssertionDenied> {
        let presented = Presented::parse(token)?;
        match self {
            Self::Es256(signer) => presented.verify(&public_keys(signer), expected),
            Self::Hs256(keys) => presented.verify_mac(keys, expected),
        }
    }
}

#[test]
fn assertion_is_read_as_it_was_signed() {
    for keys in Keys::of_both_algorithms() {
        let token = keys.sign(&assertion());
        assert_eq!(
            keys.verify(&token, expected()).unwrap(),
            assertion(),
            "{keys:?}"
        );
    }
}

#[test]
fn assertion_for_another_request_or_time_is_denied() {
    struct Case {
        name: &'static str,
        expected: Expected<'static>,
        denied: AssertionDenied,
    }

    for keys in Keys::of_both_algorithms() {
        let token = keys.sign(&assertion());
        for Case {
            name,
            expected,
            denied,
        } in [
            Case {
                name: "another upstream",
                expected: Expected {
                    audience: "audit",
                    ..expected()
                },
                denied: AssertionDenied::OtherUpstream,
            },
            Case {
                name: "another method",
                expected: Expected {
                    method: "POST",
                    ..expected()
                },
                denied: AssertionDenied::OtherRequest,
            },
            Case {
                name: "the path without its query",
                expected: Expected {
                    path: "/api/tasks",
                    ..expected()
                },
                denied: AssertionDenied::OtherRequest,
            },
            Case {
                name: "another query",
                expected: Expected {
                    path: "/api/tasks?page=3",
                    ..expected()
                },
                denied: AssertionDenied::OtherRequest,
            },
            Case {
                name: "too old",
                expected: Expected {
                    now: NOW + 65,
                    ..expected()
                },
                denied: AssertionDenied::OutOfTime,
            },
            Case {
                name: "from the future",
                expected: Expected {
                    now: NOW - 6,
                    ..expected()
                },
                denied: AssertionDenied::OutOfTime,
            },
        ] {
            assert_eq!(
                keys.verify(&token, expected).unwrap_err(),
                denied,
                "{name}: {keys:?}"
            );
        }
        assert!(
            keys.verify(
                &token,
                Expected {
                    now: NOW + 64,
                    ..expected()
                }
            )
            .is_ok()
        );
    }
}

#[test]
fn unbound_assertion_is_denied_unless_accepted() {
    for keys in Keys::of_both_algorithms() {
        let unbound = Assertion {
            request: None,
            ..assertion()
        };
        let token = keys.sign(&unbound);
        assert_eq!(
            keys.verify(&token, expected()).unwrap_err(),
            AssertionDenied::NotBound
        );
        let lenient = Expected {
            accept_unbound: true,
            ..expected()
        };
        assert_eq!(keys.verify(&token, lenient).unwrap(), unbound);
        let bound = keys.sign(&assertion());
        let other = keys.verify(
            &bound,
            Expected {
                method: "POST",
                ..lenient
            },
        );
        assert_eq!(
            other.unwrap_err(),
            AssertionDenied::OtherRequest,
            "a binding that is there counts"
        );
    }
}

#[test]
fn both_algorithms_carry_the_same_claims_byte_for_byte() {
    let [public, mac] = Keys::of_both_algorithms().map(|keys| keys.sign(&assertion()));
    let payload = |token: &str| token.split('.').nth(1).unwrap().to_owned();
    assert_eq!(payload(&public), payload(&mac));
}

#[test]
fn assertion_by_another_key_is_denied() {
    let signer = Signer::generate().unwrap();
    let other = Signer::generate().unwrap();
    let keys = Keys::Es256(signer);
    let token = other.sign(&assertion()).unwrap();
    assert!(
        keys.verify(&token, expected())
            .unwrap_err()
            .names_unknown_key()
    );
    let own = keys.sign(&assertion());
    let (content, _) = own.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    for forged in [
        format!("{content}.{signature}"),
        format!("{content}."),
        "x".to_owned(),
    ] {
        let denied = keys.verify(&forged, expected()).unwrap_err();
        assert_eq!(denied.code(), "assertion_not_genuine", "{forged}");
    }
}
