use portcullis_token::{Claims, JwsAlgorithm, KeySet, Reason, Refusal, UnverifiedJws};

use crate::ALGORITHMS;
use crate::assertion::{Assertion, ISSUER, LIFETIME};
use crate::mac_keys::MacKeys;

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
    #[error(
        "the assertion has expired or is not valid yet; compare the clocks of the gate and this service"
    )]
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

/// Verifies `token`, signed with ES256, as an assertion about the request that is `expected`.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: Expected<'_>,
) -> Result<Assertion, AssertionRefusal> {
    Presented::parse(token)?.verify(keys, expected)
}

/// An assertion as it came: its form was checked, and nothing that it says was.
#[derive(Debug)]
pub struct Presented<'a>(UnverifiedJws<'a>);

impl<'a> Presented<'a> {
    /// Parses a JWS that says it is protected with ES256 or HS256.
    pub fn parse(token: &'a str) -> Result<Self, AssertionRefusal> {
        UnverifiedJws::parse(token, ALGORITHMS)
            .map(Self)
            .map_err(AssertionRefusal::NotGenuine)
    }

    /// Whether it says that a MAC protects it. That decides which keys are tried and no more.
    #[must_use]
    pub fn says_mac(&self) -> bool {
        self.0.algorithm() == JwsAlgorithm::Hs256
    }

    /// The key that it says it is signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.0.key_id()
    }

    /// Verifies an ES256 signature. HS256 is refused, whatever the keys are.
    pub fn verify(
        self,
        keys: &KeySet,
        expected: Expected<'_>,
    ) -> Result<Assertion, AssertionRefusal> {
        check(self.0.signed_by(keys), expected)
    }

    /// Verifies an HS256 tag. ES256 is refused, whatever the keys are.
    pub fn verify_mac(
        self,
        keys: &MacKeys,
        expected: Expected<'_>,
    ) -> Result<Assertion, AssertionRefusal> {
        check(
            self.0
                .authenticated_by(|key_id, message, tag| keys.verifies(key_id, message, tag)),
            expected,
        )
    }
}

/// The assertion that verified claims make, if it is about the request that is `expected`.
fn check(
    claims: Result<Claims, Refusal>,
    expected: Expected<'_>,
) -> Result<Assertion, AssertionRefusal> {
    let assertion = claims
        .and_then(|claims| read(&claims))
        .map_err(AssertionRefusal::NotGenuine)?;
    let age_limit = LIFETIME.as_secs() + SKEW;
    if assertion.issued_at > expected.now + SKEW
        || expected.now >= assertion.issued_at.saturating_add(age_limit)
    {
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
mod confusion_tests;
#[cfg(test)]
mod tests;
