use portcullis_reason_codes::{
    ASSERTION_FOR_OTHER_REQUEST, ASSERTION_FOR_OTHER_UPSTREAM, ASSERTION_NOT_BOUND,
    ASSERTION_NOT_GENUINE, ASSERTION_OUT_OF_TIME, ReasonCode,
};
use portcullis_token::{Claims, JwsAlgorithm, KeySet, Reason, TokenDenied, UnverifiedJws};

use crate::ALGORITHMS;
use crate::assertion::{Assertion, ISSUER, LIFETIME};
use crate::mac_keys::MacKeys;

/// How far the authz server's clock and the backend's may differ, in seconds.
const SKEW: u64 = 5;

/// The request that an assertion must be for, as the backend sees it.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The backend's own name as an upstream.
    pub audience: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The request's path and query.
    pub path: &'a str,
    /// Whether unbound assertions are accepted.
    pub accept_unbound: bool,
    /// Now, in seconds since 1970.
    pub now: u64,
}

/// Why a service denies an assertion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionDenied {
    /// Not of the form of an assertion, or not signed with the key that it names.
    #[error("the assertion is not the authz server's: {0}")]
    NotGenuine(TokenDenied),
    /// Too old, or from the future.
    #[error(
        "the assertion has expired or is not valid yet; compare the clocks of the authz server and \
         this service"
    )]
    OutOfTime,
    /// For another upstream.
    #[error("the assertion is for another upstream than this service")]
    OtherUpstream,
    /// Unbound, where only bound assertions are accepted.
    #[error("the assertion is not bound to a request, which this service demands")]
    NotBound,
    /// For another method or path.
    #[error("the assertion is for another request than this one")]
    OtherRequest,
}

impl AssertionDenied {
    /// The reason code.
    #[must_use]
    pub fn reason_code(&self) -> ReasonCode {
        match self {
            Self::NotGenuine(_) => ASSERTION_NOT_GENUINE,
            Self::OutOfTime => ASSERTION_OUT_OF_TIME,
            Self::OtherUpstream => ASSERTION_FOR_OTHER_UPSTREAM,
            Self::NotBound => ASSERTION_NOT_BOUND,
            Self::OtherRequest => ASSERTION_FOR_OTHER_REQUEST,
        }
    }

    /// The reason code as it is written everywhere.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason_code().as_str()
    }

    /// Whether the assertion names a key that the backend has not seen yet.
    #[must_use]
    pub fn names_unknown_key(&self) -> bool {
        matches!(self, Self::NotGenuine(denied) if denied.reason == Reason::KeyUnknown)
    }
}

/// Verifies the assertion `token`, signed with ES256, for the `expected` request.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: Expected<'_>,
) -> Result<Assertion, AssertionDenied> {
    Presented::parse(token)?.verify(keys, expected)
}

/// An assertion whose form was checked and whose claims were not.
#[derive(Debug)]
pub struct Presented<'a>(UnverifiedJws<'a>);

impl<'a> Presented<'a> {
    /// Parses a JWS that names ES256 or HS256.
    pub fn parse(token: &'a str) -> Result<Self, AssertionDenied> {
        UnverifiedJws::parse(token, ALGORITHMS)
            .map(Self)
            .map_err(AssertionDenied::NotGenuine)
    }

    /// Whether it names HS256. That chooses the keys and proves nothing.
    #[must_use]
    pub fn says_mac(&self) -> bool {
        self.0.algorithm() == JwsAlgorithm::Hs256
    }

    /// The key id that it names.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.0.key_id()
    }

    /// Verifies an ES256 signature. HS256 is denied, whatever the keys are.
    pub fn verify(
        self,
        keys: &KeySet,
        expected: Expected<'_>,
    ) -> Result<Assertion, AssertionDenied> {
        check(self.0.signed_by(keys), expected)
    }

    /// Verifies an HS256 tag. ES256 is denied, whatever the keys are.
    pub fn verify_mac(
        self,
        keys: &MacKeys,
        expected: Expected<'_>,
    ) -> Result<Assertion, AssertionDenied> {
        check(
            self.0
                .authenticated_by(|key_id, message, tag| keys.verifies(key_id, message, tag)),
            expected,
        )
    }
}

/// Reads the assertion from verified claims, if it is for the `expected` request.
fn check(
    claims: Result<Claims, TokenDenied>,
    expected: Expected<'_>,
) -> Result<Assertion, AssertionDenied> {
    let assertion = claims
        .and_then(|claims| read(&claims))
        .map_err(AssertionDenied::NotGenuine)?;
    let age_limit = LIFETIME.as_secs() + SKEW;
    if assertion.issued_at > expected.now + SKEW
        || expected.now >= assertion.issued_at.saturating_add(age_limit)
    {
        return Err(AssertionDenied::OutOfTime);
    }
    if assertion.audience != expected.audience {
        return Err(AssertionDenied::OtherUpstream);
    }
    match &assertion.request {
        None if !expected.accept_unbound => Err(AssertionDenied::NotBound),
        Some(request) if request.method != expected.method || request.path != expected.path => {
            Err(AssertionDenied::OtherRequest)
        }
        _ => Ok(assertion),
    }
}

fn read(claims: &Claims) -> Result<Assertion, TokenDenied> {
    let foreign = |detail: &'static str| TokenDenied::new(Reason::ClaimInvalid, detail);
    if claims.text("iss")? != ISSUER {
        return Err(foreign("its issuer is not the authz server"));
    }
    Assertion::from_claims(claims)?.ok_or_else(|| foreign("its kind of caller is unknown"))
}

#[cfg(test)]
mod confusion_tests;
#[cfg(test)]
mod tests;
