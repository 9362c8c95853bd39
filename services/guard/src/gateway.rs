use http::HeaderMap;
use portcullis_assertion::{Assertion, AssertionRefusal, Expected, HEADER};
use portcullis_token::Caller;

use crate::assertion_keys::{AssertionKeys, Unverified};
use crate::replay::{AcceptedRequests, Novelty};

/// The gate, as far as a backend knows it: its keys, and this backend's own name as an upstream.
#[derive(Debug)]
pub(crate) struct Gateway {
    keys: AssertionKeys,
    upstream: &'static str,
    unbound_will_do: bool,
    accepted: AcceptedRequests,
}

/// Why a request's assertion was refused.
#[derive(Debug)]
pub(crate) enum GatewayRefusal {
    /// Several assertions, or bytes that are none.
    NotOne,
    /// The gate's keys could not be had.
    KeysUnavailable,
    /// One that proves nothing here.
    Refused(AssertionRefusal),
    /// One that was accepted before.
    Replayed,
    /// So many requests came that it cannot be told whether this one came before.
    TooMany,
}

impl Gateway {
    pub(crate) fn new(keys: AssertionKeys, upstream: &'static str, unbound_will_do: bool) -> Self {
        Self {
            keys,
            upstream,
            unbound_will_do,
            accepted: AcceptedRequests::default(),
        }
    }

    /// Returns whether assertions can be verified.
    pub(crate) fn has_keys(&self) -> bool {
        self.keys.can_verify()
    }

    /// The caller that the gate vouches for; `None` when the request has no assertion.
    pub(crate) async fn caller(
        &self,
        headers: &HeaderMap,
        method: &str,
        path: &str,
        now: u64,
    ) -> Option<Result<Caller, GatewayRefusal>> {
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
            unbound_will_do: self.unbound_will_do,
            now,
        };
        Some(match token {
            Some(token) => match self.keys.verify(token, expected).await {
                Ok(assertion) => self.only_once(assertion, now),
                Err(Unverified::KeysUnavailable) => Err(GatewayRefusal::KeysUnavailable),
                Err(Unverified::Refused(refusal)) => Err(GatewayRefusal::Refused(refusal)),
            },
            None => Err(GatewayRefusal::NotOne),
        })
    }

    /// After the signature, so that nobody but the gate can fill the memory.
    fn only_once(&self, assertion: Assertion, now: u64) -> Result<Caller, GatewayRefusal> {
        let Some(request) = &assertion.request else {
            return Ok(assertion.caller);
        };
        match self.accepted.note(&request.id, now) {
            Novelty::First => Ok(assertion.caller),
            Novelty::Again => Err(GatewayRefusal::Replayed),
            Novelty::Unknown => Err(GatewayRefusal::TooMany),
        }
    }
}
