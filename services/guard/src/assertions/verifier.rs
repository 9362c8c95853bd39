use http::HeaderMap;
use portcullis_assertion::{Assertion, AssertionDenied, Expected, HEADER};
use portcullis_runtime::KeyedHash;
use portcullis_token::Caller;
use reqwest::Client;

use super::AssertionTrust;
use super::keys::{AssertionKeys, Unverified};
use super::replay::{AcceptedRequests, Novelty};

/// Verifies assertions for this service, which is an upstream of the authz server.
#[derive(Debug)]
pub(crate) struct AssertionVerifier {
    keys: AssertionKeys,
    upstream: &'static str,
    accept_unbound: bool,
    accepted: AcceptedRequests,
}

/// Why a request's assertion is denied.
#[derive(Debug)]
pub(crate) enum Denied {
    /// Several assertions, or a value that is not ASCII.
    NotOne,
    /// The authz server's keys are unavailable.
    KeysUnavailable,
    /// The assertion is not valid here.
    Invalid(AssertionDenied),
    /// The assertion was accepted before.
    Replayed,
    /// So many requests came that a replay cannot be ruled out.
    TooMany,
}

impl AssertionVerifier {
    /// Reads the MAC keys, and starts to poll the public keys.
    pub(crate) fn start(http: Client, trust: AssertionTrust) -> anyhow::Result<Self> {
        Ok(Self {
            upstream: trust.upstream,
            accept_unbound: trust.accept_unbound,
            accepted: AcceptedRequests::new(KeyedHash::random()?),
            keys: AssertionKeys::start(http, trust)?,
        })
    }

    /// Returns whether assertions can be verified.
    pub(crate) fn has_keys(&self) -> bool {
        self.keys.can_verify()
    }

    /// Verifies the assertion of a request and reads its caller; `None` if there is no assertion.
    pub(crate) async fn caller(
        &self,
        headers: &HeaderMap,
        method: &str,
        path: &str,
        now: u64,
    ) -> Option<Result<Caller, Denied>> {
        let mut values = headers.get_all(HEADER).iter();
        let token = match (values.next(), values.next()) {
            (None, _) => return None,
            (Some(value), None) => value.to_str().ok(),
            (Some(_), Some(_)) => None,
        };
        let expected = Expected {
            audience: self.upstream,
            method,
            path,
            accept_unbound: self.accept_unbound,
            now,
        };
        Some(match token {
            Some(token) => match self.keys.verify(token, expected).await {
                Ok(assertion) => self.only_once(assertion, now),
                Err(Unverified::KeysUnavailable) => Err(Denied::KeysUnavailable),
                Err(Unverified::Denied(denied)) => Err(Denied::Invalid(denied)),
            },
            None => Err(Denied::NotOne),
        })
    }

    /// Denies an assertion that was accepted before. It runs after the signature check, so that
    /// only the authz server can fill the memory.
    fn only_once(&self, assertion: Assertion, now: u64) -> Result<Caller, Denied> {
        let Some(request) = &assertion.request else {
            return Ok(assertion.caller);
        };
        match self.accepted.note(&request.id, now) {
            Novelty::First => Ok(assertion.caller),
            Novelty::Again => Err(Denied::Replayed),
            Novelty::Unknown => Err(Denied::TooMany),
        }
    }
}
