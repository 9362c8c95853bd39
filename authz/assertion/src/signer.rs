use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::assertion::{AssertedRequest, Assertion, BoundRequest, Statement};
use crate::caller_members::{own_members, shared_members};

/// Signs assertions with one P-256 key.
#[derive(Debug)]
pub struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// The encoded header: the same for every assertion of this key.
    header: String,
    jwk: Value,
}

/// Why there is no signing key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not a PEM file of a PKCS#8 private key.
    #[error("is not a PEM file with a PKCS#8 private key (BEGIN PRIVATE KEY)")]
    NotPem,
    /// A key of another kind.
    #[error("is not a P-256 key; make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")]
    NotP256,
    /// The system's random numbers failed.
    #[error("a key cannot be generated")]
    NotGenerated,
}

impl Signer {
    /// A signer with a new key, which ends with the process.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Ok(Self::new(pair.map_err(|_| SigningKeyError::NotGenerated)?))
    }

    /// A signer with the PKCS#8 key of a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, SigningKeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| SigningKeyError::NotPem)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der());
        Ok(Self::new(pair.map_err(|_| SigningKeyError::NotP256)?))
    }

    fn new(pair: EcdsaKeyPair) -> Self {
        // SEC 1 §2.3.3: one byte for the form, then x and y.
        let point = pair.public_key().as_ref();
        let coordinate = |range| URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
        let (x, y) = (coordinate(1..33), coordinate(33..65));
        // RFC 7638 §3: the required members in lexicographic order.
        let thumbprint = digest(&SHA256, format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes());
        let kid = URL_SAFE_NO_PAD.encode(thumbprint);
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "typ": "JWT", "kid": kid}).to_string());
        let jwk = json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y});
        Self { pair, random: SystemRandom::new(), header, jwk }
    }

    /// The public keys to verify with, as a JWKS document (RFC 7517 §5).
    #[must_use]
    pub fn key_set(&self) -> String {
        json!({ "keys": [self.jwk] }).to_string()
    }

    /// Signs; `None` if the system's random numbers fail.
    #[must_use]
    pub fn sign(&self, Assertion { audience, caller, request, issued_at }: &Assertion) -> Option<String> {
        let request = request.as_ref().map(|AssertedRequest { id, method, path }| BoundRequest { id, method, path });
        let statement = Statement { audience, request, issued_at: *issued_at };
        let own = own_members(&caller.object_id, caller.name.as_deref(), caller.email.as_deref())?;
        self.sign_for(&statement, [&own, &shared_members(caller)?])
    }

    /// Signs what is said of a caller whose members were encoded before, by [`own_members`] and [`shared_members`].
    #[must_use]
    pub fn sign_for(&self, statement: &Statement<'_>, caller: [&str; 2]) -> Option<String> {
        let payload = statement.payload(caller)?;
        // A signature of 64 bytes has 86 characters.
        let mut token = String::with_capacity(self.header.len() + payload.len() * 4 / 3 + 92);
        token.push_str(&self.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.pair.sign(&self.random, token.as_bytes()).ok()?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(token)
    }
}
