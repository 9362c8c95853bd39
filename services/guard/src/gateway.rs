use std::time::Duration;

use http::HeaderMap;
use portcullis_assertion::{ALGORITHMS, Assertion, AssertionRefusal, Expected, HEADER, verify};
use portcullis_token::{Caller, KeyCache, KeyLocation, KeyPolicy, PublishedKeys, key_id_of};
use reqwest::Client;
use url::Url;

use crate::replay::{AcceptedRequests, Novelty};

/// The gate is near and trusted, so an unknown key (it has restarted) is asked for much sooner than at an issuer.
fn key_policy() -> KeyPolicy {
    KeyPolicy {
        refresh_every: Duration::from_mins(5),
        cool_down: Duration::from_secs(1),
        max_age: Duration::from_hours(1),
        patience: Duration::from_secs(2),
        store: None,
    }
}

/// The gate, as far as a backend knows it: its public keys, and this backend's own name as an upstream.
#[derive(Debug)]
pub(crate) struct Gateway {
    keys: KeyCache,
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
    pub(crate) fn new(http: Client, keys: Url, upstream: &'static str, unbound_will_do: bool) -> Self {
        let source = PublishedKeys { http, location: KeyLocation::KeySet(keys), algorithms: ALGORITHMS.to_vec() };
        let accepted = AcceptedRequests::default();
        Self { keys: KeyCache::start(source, key_policy()), upstream, unbound_will_do, accepted }
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
        let expected = Expected { audience: self.upstream, method, path, unbound_will_do: self.unbound_will_do, now };
        Some(match token {
            Some(token) => match self.verify(token, expected).await {
                Ok(assertion) => self.only_once(assertion, now),
                Err(refusal) => Err(refusal),
            },
            None => Err(GatewayRefusal::NotOne),
        })
    }

    /// After the signature, so that nobody but the gate can fill the memory.
    fn only_once(&self, assertion: Assertion, now: u64) -> Result<Caller, GatewayRefusal> {
        let Some(request) = &assertion.request else { return Ok(assertion.caller) };
        match self.accepted.note(&request.id, now) {
            Novelty::First => Ok(assertion.caller),
            Novelty::Again => Err(GatewayRefusal::Replayed),
            Novelty::Unknown => Err(GatewayRefusal::TooMany),
        }
    }

    async fn verify(&self, token: &str, expected: Expected<'_>) -> Result<Assertion, GatewayRefusal> {
        let verdict = self.verify_at_hand(token, expected);
        let wants_keys = match &verdict {
            Err(GatewayRefusal::KeysUnavailable) => true,
            Err(GatewayRefusal::Refused(refusal)) => refusal.names_unknown_key(),
            _ => false,
        };
        let key_id = key_id_of(token, ALGORITHMS).filter(|_| wants_keys);
        match key_id {
            Some(key_id) if self.keys.refresh(&key_id).await => self.verify_at_hand(token, expected),
            _ => verdict,
        }
    }

    fn verify_at_hand(&self, token: &str, expected: Expected<'_>) -> Result<Assertion, GatewayRefusal> {
        let keys = self.keys.keys().ok_or(GatewayRefusal::KeysUnavailable)?;
        verify(token, &keys.keys, expected).map_err(GatewayRefusal::Refused)
    }
}
