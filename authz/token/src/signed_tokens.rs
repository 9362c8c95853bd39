//! Makes keys and tokens for tests that act as the issuer.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::Algorithm;
use crate::keys::{FetchError, FetchedKeys, KeySource};

/// A source whose keys never change.
pub(crate) struct FixedKeys(pub(crate) FetchedKeys);

impl KeySource for FixedKeys {
    fn name(&self) -> String {
        "keys that never change".to_owned()
    }

    fn algorithms(&self) -> &[Algorithm] {
        &[Algorithm::Rs256]
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        Ok(self.0.clone())
    }
}

/// One of two keys, generated once.
pub(crate) fn key(number: usize) -> &'static KeyPair {
    static KEYS: [OnceLock<KeyPair>; 2] = [const { OnceLock::new() }; 2];
    KEYS[number].get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

pub(crate) fn jwk(kid: &str, pair: &KeyPair) -> Value {
    let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let n = URL_SAFE_NO_PAD.encode(public.n);
    let e = URL_SAFE_NO_PAD.encode(public.e);
    json!({"kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e})
}

/// `base` with members set, or removed where the value is null.
pub(crate) fn with(base: Value, changes: &Value) -> Value {
    let mut claims = base;
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

pub(crate) fn sign(pair: &KeyPair, header: &Value, claims: &Value) -> String {
    let mut token = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        token.as_bytes(),
        &mut signature,
    )
    .unwrap();
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    token
}
