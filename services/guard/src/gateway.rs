use std::time::Duration;

use http::HeaderMap;
use portcullis_assertion::{ALGORITHMS, AssertionRefusal, Expected, HEADER, verify};
use portcullis_token::{Caller, KeyCache, KeyLocation, KeyPolicy, PublishedKeys, key_id_of};
use reqwest::Client;
use url::Url;

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
}

impl Gateway {
    pub(crate) fn new(http: Client, keys: Url, upstream: &'static str, unbound_will_do: bool) -> Self {
        let source = PublishedKeys { http, location: KeyLocation::KeySet(keys), algorithms: ALGORITHMS.to_vec() };
        Self { keys: KeyCache::start(source, key_policy()), upstream, unbound_will_do }
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
            Some(token) => self.verify(token, expected).await,
            None => Err(GatewayRefusal::NotOne),
        })
    }

    async fn verify(&self, token: &str, expected: Expected<'_>) -> Result<Caller, GatewayRefusal> {
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

    fn verify_at_hand(&self, token: &str, expected: Expected<'_>) -> Result<Caller, GatewayRefusal> {
        let keys = self.keys.keys().ok_or(GatewayRefusal::KeysUnavailable)?;
        verify(token, &keys.keys, expected).map(|assertion| assertion.caller).map_err(GatewayRefusal::Refused)
    }
}
