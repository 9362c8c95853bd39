use portcullis_token::{Claims, KeySet, Reason, Refusal, open};

use crate::ALGORITHMS;
use crate::assertion::{Assertion, ISSUER, LIFETIME};

/// How far the gate's clock and the backend's may differ, in seconds.
const SKEW: u64 = 5;

/// What a backend knows of the request that carries an assertion.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The backend's own name as an upstream.
    pub audience: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's path and query.
    pub path: &'a str,
    /// Whether an assertion will do that is good for any request of its caller.
    pub unbound_will_do: bool,
    /// Now, in seconds since 1970.
    pub now: u64,
}

/// Why an assertion proves nothing here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionRefusal {
    /// Not an assertion of the gate's form, or not signed with the key it names.
    #[error("the assertion is not the gate's: {0}")]
    NotGenuine(Refusal),
    /// Too old, or from the future.
    #[error("the assertion has expired or is not valid yet; compare the clocks of the gate and this service")]
    OutOfTime,
    /// For another upstream.
    #[error("the assertion is for another upstream than this service")]
    OtherUpstream,
    /// For any request, where it must be for this one.
    #[error("the assertion is not bound to a request, which this service demands")]
    NotBound,
    /// For another method or path.
    #[error("the assertion is for another request than this one")]
    OtherRequest,
}

impl AssertionRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotGenuine(_) => "assertion_not_genuine",
            Self::OutOfTime => "assertion_out_of_time",
            Self::OtherUpstream => "assertion_for_other_upstream",
            Self::NotBound => "assertion_not_bound",
            Self::OtherRequest => "assertion_for_other_request",
        }
    }

    /// Whether the assertion names a key that the backend has not seen yet.
    #[must_use]
    pub fn names_unknown_key(&self) -> bool {
        matches!(self, Self::NotGenuine(refusal) if refusal.reason == Reason::KeyUnknown)
    }
}

/// Verifies `token` as an assertion about the request that is `expected`.
pub fn verify(token: &str, keys: &KeySet, expected: Expected<'_>) -> Result<Assertion, AssertionRefusal> {
    let claims = open(token, keys, ALGORITHMS).map_err(AssertionRefusal::NotGenuine)?;
    let assertion = read(&claims).map_err(AssertionRefusal::NotGenuine)?;
    let age_limit = LIFETIME.as_secs() + SKEW;
    if assertion.issued_at > expected.now + SKEW || expected.now >= assertion.issued_at.saturating_add(age_limit) {
        return Err(AssertionRefusal::OutOfTime);
    }
    if assertion.audience != expected.audience {
        return Err(AssertionRefusal::OtherUpstream);
    }
    match &assertion.request {
        None if !expected.unbound_will_do => Err(AssertionRefusal::NotBound),
        Some(request) if request.method != expected.method || request.path != expected.path => {
            Err(AssertionRefusal::OtherRequest)
        }
        _ => Ok(assertion),
    }
}

fn read(claims: &Claims) -> Result<Assertion, Refusal> {
    let foreign = |detail: &'static str| Refusal::new(Reason::ClaimInvalid, detail);
    if claims.text("iss")? != ISSUER {
        return Err(foreign("its issuer is not the gate"));
    }
    Assertion::from_claims(claims)?.ok_or_else(|| foreign("it names no kind of caller"))
}

#[cfg(test)]
mod tests {
    use portcullis_token::{Caller, CallerKind, KeySet};

    use super::{AssertionRefusal, Expected, verify};
    use crate::{ALGORITHMS, AssertedRequest, Assertion, Signer};

    const NOW: u64 = 1_800_000_000;

    fn assertion() -> Assertion {
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

    fn keys(signer: &Signer) -> KeySet {
        KeySet::parse(signer.key_set().as_bytes(), ALGORITHMS).unwrap()
    }

    fn expected() -> Expected<'static> {
        Expected { audience: "task-api", method: "GET", path: "/api/tasks?page=2", unbound_will_do: false, now: NOW }
    }

    #[test]
    fn what_was_asserted_is_what_is_read() {
        let signer = Signer::generate().unwrap();
        let token = signer.sign(&assertion()).unwrap();
        assert_eq!(verify(&token, &keys(&signer), expected()).unwrap(), assertion());
    }

    #[test]
    fn an_assertion_opens_nothing_else() {
        let signer = Signer::generate().unwrap();
        let (token, keys) = (signer.sign(&assertion()).unwrap(), keys(&signer));
        for (expected, refusal) in [
            (Expected { audience: "audit", ..expected() }, AssertionRefusal::OtherUpstream),
            (Expected { method: "POST", ..expected() }, AssertionRefusal::OtherRequest),
            (Expected { path: "/api/tasks", ..expected() }, AssertionRefusal::OtherRequest),
            (Expected { path: "/api/tasks?page=3", ..expected() }, AssertionRefusal::OtherRequest),
            (Expected { now: NOW + 65, ..expected() }, AssertionRefusal::OutOfTime),
            (Expected { now: NOW - 6, ..expected() }, AssertionRefusal::OutOfTime),
        ] {
            assert_eq!(verify(&token, &keys, expected).unwrap_err(), refusal, "{expected:?}");
        }
        assert!(verify(&token, &keys, Expected { now: NOW + 64, ..expected() }).is_ok());
    }

    #[test]
    fn one_for_any_request_is_good_only_where_that_will_do() {
        let signer = Signer::generate().unwrap();
        let unbound = Assertion { request: None, ..assertion() };
        let (token, keys) = (signer.sign(&unbound).unwrap(), keys(&signer));
        assert_eq!(verify(&token, &keys, expected()).unwrap_err(), AssertionRefusal::NotBound);
        let lenient = Expected { unbound_will_do: true, ..expected() };
        assert_eq!(verify(&token, &keys, lenient).unwrap(), unbound);
        let bound = signer.sign(&assertion()).unwrap();
        assert!(
            verify(&bound, &keys, Expected { method: "POST", ..lenient }).is_err(),
            "a binding that is there counts"
        );
    }

    #[test]
    fn only_the_gates_key_signs() {
        let (signer, stranger) = (Signer::generate().unwrap(), Signer::generate().unwrap());
        let token = stranger.sign(&assertion()).unwrap();
        assert!(verify(&token, &keys(&signer), expected()).unwrap_err().names_unknown_key());
        let own = signer.sign(&assertion()).unwrap();
        let (content, _) = own.rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        for forged in [format!("{content}.{signature}"), format!("{content}."), "x".to_owned()] {
            let refusal = verify(&forged, &keys(&signer), expected()).unwrap_err();
            assert_eq!(refusal.code(), "assertion_not_genuine", "{forged}");
        }
    }
}
