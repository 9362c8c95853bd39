use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaSignatureEncoding};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The RSA keys of a test.
#[derive(Clone)]
pub struct Keys {
    /// A key of the issuer.
    pub good: Arc<KeyPair>,
    /// A key of the issuer that is bound to a tenant that is not served.
    pub foreign: Arc<KeyPair>,
    /// A key that is published only at the attacker's own path.
    pub attacker: Arc<KeyPair>,
}

impl Keys {
    pub fn generate() -> Self {
        let [good, foreign, attacker] =
            [(); 3].map(|()| Arc::new(KeyPair::generate(KeySize::Rsa2048).unwrap()));
        Self {
            good,
            foreign,
            attacker,
        }
    }
}

/// Encodes bytes in base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Joins these bytes to a compact JWS.
pub fn join(
    header: impl AsRef<[u8]>,
    claims: impl AsRef<[u8]>,
    signature: impl AsRef<[u8]>,
) -> String {
    format!(
        "{}.{}.{}",
        encode(header),
        encode(claims),
        encode(signature)
    )
}

/// Signs a compact JWS of any bytes with RS256, whatever `alg` they have.
pub fn sign(key: &KeyPair, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    sign_as(&RSA_PKCS1_SHA256, key, header, claims)
}

pub fn sign_as(
    algorithm: &'static RsaSignatureEncoding,
    key: &KeyPair,
    header: impl AsRef<[u8]>,
    claims: impl AsRef<[u8]>,
) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        algorithm,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", encode(signature))
}

/// Returns the public key as a JWK.
pub fn jwk(kid: &str, key: &KeyPair) -> Value {
    let public = PublicKeyComponents::<Vec<u8>>::from(key.public_key());
    json!({"kty": "RSA", "use": "sig", "kid": kid, "n": encode(public.n), "e": encode(public.e)})
}

pub fn modulus(key: &KeyPair) -> Vec<u8> {
    PublicKeyComponents::<Vec<u8>>::from(key.public_key()).n
}
