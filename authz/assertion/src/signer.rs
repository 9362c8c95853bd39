use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::assertion::{Assertion, Statement};
use crate::jws::{JwsBuilder, encoded_header};
use crate::published_keys::PublishedKeys;

/// Signs assertions with one P-256 key, and publishes it with the last and the next ones.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    random: SystemRandom,
    /// The published keys; the signing key is first.
    published: PublishedKeys,
}

#[derive(Debug)]
struct SigningKey {
    pair: EcdsaKeyPair,
    /// The encoded header: the same for every assertion of this key.
    header: String,
}

/// Maximum number of keys in a file: the signing key, the next key, and the keys of the last
/// rotations.
const MOST_KEYS: usize = 8;
/// Length of a signature on P-256: r and s (RFC 7518 §3.4).
const SIGNATURE_BYTES: usize = 64;

/// Other forms of private keys that openssl writes, with their names in errors.
///
/// They are errors, because beside a PKCS#8 key such a key would be ignored silently.
const OTHER_FORMS: [(&str, &str); 2] = [
    (
        "-----BEGIN EC PRIVATE KEY-----",
        "SEC1 key (BEGIN EC PRIVATE KEY)",
    ),
    (
        "-----BEGIN ENCRYPTED PRIVATE KEY-----",
        "encrypted key (BEGIN ENCRYPTED PRIVATE KEY)",
    ),
];

/// Why there is no assertion key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not a PEM file of a PKCS#8 private key.
    #[error("is not a PEM file with a PKCS#8 private key (BEGIN PRIVATE KEY)")]
    NotPem,
    /// A key in SEC1's form (RFC 5915), or an encrypted one.
    #[error("has a {0}; convert it with: openssl pkcs8 -topk8 -nocrypt -in OLD.pem -out NEW.pem")]
    OtherForm(&'static str),
    /// More keys than a rotation needs, or one of them twice.
    #[error("holds more than {MOST_KEYS} keys, or one of them twice")]
    TooMany,
    /// A key of another kind.
    #[error(
        "is not a P-256 key; make one with: openssl genpkey -algorithm EC -pkeyopt \
         ec_paramgen_curve:P-256"
    )]
    NotP256,
    /// The system's random numbers failed.
    #[error("a key cannot be generated")]
    NotGenerated,
}

impl Signer {
    /// Generates a new key, which lasts as long as the process.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Ok(Self::new(
            pair.map_err(|_| SigningKeyError::NotGenerated)?,
            [],
        ))
    }

    /// Reads the PKCS#8 keys of a PEM file. The first one signs, and all are published.
    ///
    /// During a rotation the file has the old key and the new one, in either order, so that
    /// backends know both.
    pub fn from_pem(pem: &[u8]) -> Result<Self, SigningKeyError> {
        let has = |label: &str| {
            pem.windows(label.len())
                .any(|window| window == label.as_bytes())
        };
        if let Some((_, form)) = OTHER_FORMS.into_iter().find(|(label, _)| has(label)) {
            return Err(SigningKeyError::OtherForm(form));
        }
        let sections: Result<Vec<_>, _> = PrivatePkcs8KeyDer::pem_slice_iter(pem).collect();
        let keys: Result<Vec<_>, _> = sections
            .map_err(|_| SigningKeyError::NotPem)?
            .iter()
            .map(parse)
            .collect();
        let mut keys = keys?.into_iter();
        let first = keys.next().ok_or(SigningKeyError::NotPem)?;
        let signer = Self::new(first, keys);
        let ids = signer.key_ids();
        let distinct: HashSet<&str> = ids.iter().copied().collect();
        let allowed = distinct.len() == ids.len() && ids.len() <= MOST_KEYS;
        if allowed {
            Ok(signer)
        } else {
            Err(SigningKeyError::TooMany)
        }
    }

    fn new(pair: EcdsaKeyPair, others: impl IntoIterator<Item = EcdsaKeyPair>) -> Self {
        let jwk = jwk_of(&pair);
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": jwk.get("kid")});
        let key = SigningKey {
            pair,
            header: encoded_header(&header),
        };
        let published: Vec<Value> = [jwk]
            .into_iter()
            .chain(others.into_iter().map(|other| jwk_of(&other)))
            .collect();
        Self {
            key,
            random: SystemRandom::new(),
            published: PublishedKeys::new(&published),
        }
    }

    /// The public keys as a JWKS document (RFC 7517 §5).
    #[must_use]
    pub fn key_set(&self) -> String {
        self.published.document.to_string()
    }

    /// The public keys with their entity tag, encoded once.
    #[must_use]
    pub fn published(&self) -> &PublishedKeys {
        &self.published
    }

    /// The ids of the published keys; the signing key's id is first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<&str> {
        self.published.key_ids.iter().map(String::as_str).collect()
    }

    /// Signs an assertion; `None` if the system's random numbers fail.
    #[must_use]
    pub fn sign(&self, assertion: &Assertion) -> Option<String> {
        assertion.with_statement(|statement, caller| self.sign_for(statement, caller))
    }

    /// Signs a statement about a caller whose members were encoded before, by
    /// [`own_members`](crate::own_members) and [`shared_members`](crate::shared_members).
    #[must_use]
    pub fn sign_for(&self, statement: &Statement<'_>, caller: [&str; 2]) -> Option<String> {
        let jws = JwsBuilder::new(
            &self.key.header,
            &statement.payload(caller)?,
            SIGNATURE_BYTES,
        );
        let signature = self.key.pair.sign(&self.random, jws.signing_input()).ok()?;
        Some(jws.finish(signature.as_ref()))
    }
}

fn parse(der: &PrivatePkcs8KeyDer<'_>) -> Result<EcdsaKeyPair, SigningKeyError> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der());
    pair.map_err(|_| SigningKeyError::NotP256)
}

/// The public key as a JWK, whose `kid` is its thumbprint.
fn jwk_of(pair: &EcdsaKeyPair) -> Value {
    // SEC 1 §2.3.3: one byte for the form, then x and y.
    let point = pair.public_key().as_ref();
    let coordinate = |range| URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
    let x = coordinate(1..33);
    let y = coordinate(33..65);
    // RFC 7638 §3: the required members in lexicographic order.
    let thumbprint = digest(
        &SHA256,
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes(),
    );
    let kid = URL_SAFE_NO_PAD.encode(thumbprint);
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y})
}

#[cfg(test)]
mod tests;
