use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_assertion::{Assertion, Signer};
use serde_json::{Value, json};

/// A key that a backend accepts, for good assertions and for spoilt ones.
pub(crate) trait AssertionKey {
    /// Signs an assertion as the authz server does.
    fn assert(&self, assertion: &Assertion) -> String;

    /// Returns the JOSE header of this key's assertions.
    fn header(&self) -> Value;

    /// Signs any header and claims.
    fn sign(&self, header: &Value, claims: &Value) -> String;

    /// Returns the claims of an assertion, for a test to spoil.
    fn claims(&self, assertion: &Assertion) -> Value {
        let token = self.assert(assertion);
        let payload = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }
}

/// A P-256 key pair of the authz server.
///
/// `signer` signs as the server does. `pair` signs what the server never signs.
pub(crate) struct PublicKeyPair {
    pub(crate) signer: Signer,
    pair: EcdsaKeyPair,
    /// A published key of another algorithm.
    ///
    /// Libraries compare a token's `alg` with that of its key, so only such a key shows whether a
    /// backend has a list of algorithms.
    es384: EcdsaKeyPair,
}

const ES384_KEY_ID: &str = "es384";

impl PublicKeyPair {
    pub(crate) fn generate() -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let pem = pem("PRIVATE KEY", pkcs8.as_ref());
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let es384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        Self {
            signer: Signer::from_pem(pem.as_bytes()).unwrap(),
            pair,
            es384,
        }
    }

    /// Returns the key set of these keys and of the first one's ES384 key.
    pub(crate) fn key_set(keys: &[&Self]) -> String {
        let mut published: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        published.extend(keys.first().map(|key| key.es384_jwk()));
        json!({ "keys": published }).to_string()
    }

    fn es384_jwk(&self) -> Value {
        let point = self.es384.public_key().as_ref();
        let [x, y] =
            [&point[1..49], &point[49..]].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        json!({
            "kty": "EC", "crv": "P-384", "use": "sig", "alg": "ES384", "kid": ES384_KEY_ID,
            "x": x, "y": y,
        })
    }

    /// Returns the public key.
    pub(crate) fn jwk(&self) -> Value {
        serde_json::from_str::<Value>(&self.signer.key_set()).unwrap()["keys"][0].clone()
    }

    /// Returns the public key in each form that a library could take for an HMAC secret.
    pub(crate) fn as_hmac_secrets(&self) -> Vec<Vec<u8>> {
        // The DER of a P-256 public key up to its point (RFC 5480 §2).
        const SPKI: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
        let point = self.pair.public_key().as_ref();
        let mut der = STANDARD.decode(SPKI).unwrap();
        der.extend(&point[1..]);
        vec![
            pem("PUBLIC KEY", &der).into_bytes(),
            der,
            point.to_vec(),
            self.jwk().to_string().into_bytes(),
        ]
    }

    /// Signs claims with the published ES384 key.
    pub(crate) fn sign_es384(&self, claims: &Value) -> String {
        sign(
            &self.es384,
            &json!({ "alg": "ES384", "typ": "JWT", "kid": ES384_KEY_ID }),
            claims,
        )
    }
}

impl AssertionKey for PublicKeyPair {
    fn assert(&self, assertion: &Assertion) -> String {
        self.signer.sign(assertion).unwrap()
    }

    fn header(&self) -> Value {
        json!({ "alg": "ES256", "typ": "JWT", "kid": self.jwk()["kid"] })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        sign(&self.pair, header, claims)
    }
}

fn sign(pair: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let content = content(header, claims);
    let signature = pair.sign(&SystemRandom::new(), content.as_bytes()).unwrap();
    format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Returns the part of a JWS that a signature covers.
pub(crate) fn content(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

/// Returns a JWS whose signature is an HMAC-SHA256.
pub(crate) fn sign_hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let content = content(header, claims);
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        content.as_bytes(),
    );
    format!("{content}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
