use std::collections::HashSet;

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

/// Signs assertions with one P-256 key, and publishes it and the ones before and after it.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    random: SystemRandom,
    /// The keys that are published, the one that signs first.
    published: Vec<Value>,
}

#[derive(Debug)]
struct SigningKey {
    pair: EcdsaKeyPair,
    /// The encoded header: the same for every assertion of this key.
    header: String,
    jwk: Value,
}

/// One that signs, one that is to be next, and those of the last rotations.
const MOST_KEYS: usize = 8;

/// Why there is no signing key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not a PEM file of a PKCS#8 private key.
    #[error("is not a PEM file with a PKCS#8 private key (BEGIN PRIVATE KEY)")]
    NotPem,
    /// More keys than a rotation needs, or one of them twice.
    #[error("holds more than {MOST_KEYS} keys, or one of them twice")]
    TooMany,
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
        Ok(Self::new(SigningKey::new(pair.map_err(|_| SigningKeyError::NotGenerated)?), []))
    }

    /// A signer with the PKCS#8 keys of a PEM file: the first one signs, all are published. During a rotation the file holds the old key
    /// and the new one, in either order, so that backends know both.
    pub fn from_pem(pem: &[u8]) -> Result<Self, SigningKeyError> {
        let sections: Result<Vec<_>, _> = PrivatePkcs8KeyDer::pem_slice_iter(pem).collect();
        let keys: Result<Vec<_>, _> =
            sections.map_err(|_| SigningKeyError::NotPem)?.iter().map(SigningKey::parse).collect();
        let mut keys = keys?.into_iter();
        let first = keys.next().ok_or(SigningKeyError::NotPem)?;
        let signer = Self::new(first, keys);
        let ids = signer.key_ids();
        let distinct: HashSet<&str> = ids.iter().copied().collect();
        let allowed = distinct.len() == ids.len() && ids.len() <= MOST_KEYS;
        if allowed { Ok(signer) } else { Err(SigningKeyError::TooMany) }
    }

    fn new(key: SigningKey, others: impl IntoIterator<Item = SigningKey>) -> Self {
        let published = [key.jwk.clone()].into_iter().chain(others.into_iter().map(|other| other.jwk)).collect();
        Self { key, random: SystemRandom::new(), published }
    }

    /// The public keys to verify with, as a JWKS document (RFC 7517 §5).
    #[must_use]
    pub fn key_set(&self) -> String {
        json!({ "keys": self.published }).to_string()
    }

    /// The ids of the published keys, the one that signs first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<&str> {
        self.published.iter().filter_map(|jwk| jwk["kid"].as_str()).collect()
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
        let mut token = String::with_capacity(self.key.header.len() + payload.len() * 4 / 3 + 92);
        token.push_str(&self.key.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.key.pair.sign(&self.random, token.as_bytes()).ok()?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(token)
    }
}

impl SigningKey {
    fn parse(der: &PrivatePkcs8KeyDer<'_>) -> Result<Self, SigningKeyError> {
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
        Self { pair, header, jwk }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::{Signer, SigningKeyError};

    const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";

    fn pem() -> String {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.to_pkcs8v1().unwrap();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()))
    }

    #[test]
    fn the_first_key_of_a_file_signs_and_all_are_published() {
        let pems = [pem(), pem()];
        let [one, two] = pems.each_ref().map(|pem| Signer::from_pem(pem.as_bytes()).unwrap());
        let rotating = Signer::from_pem(pems.concat().as_bytes()).unwrap();
        assert_eq!(rotating.key_ids(), [one.key_ids(), two.key_ids()].concat());
        assert_eq!(rotating.key.header, one.key.header);
        assert!(!rotating.key_set().contains("\"d\""), "only public parts are published");
    }

    #[test]
    fn a_file_that_holds_no_such_keys_is_explained() {
        let (one, two) = (pem(), pem());
        for (pem, error) in [
            ("nonsense".to_owned(), SigningKeyError::NotPem),
            (String::new(), SigningKeyError::NotPem),
            (ED25519.to_owned(), SigningKeyError::NotP256),
            (format!("{one}{ED25519}"), SigningKeyError::NotP256),
            (format!("{one}{two}{one}"), SigningKeyError::TooMany),
            ((0..9).map(|_| self::pem()).collect(), SigningKeyError::TooMany),
        ] {
            assert_eq!(Signer::from_pem(pem.as_bytes()).map(|signer| signer.key_set()), Err(error), "{pem}");
        }
    }
}
