//! Signing keys of tokens: one is current, and older ones stay published until they are retired.

mod stored;

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, anyhow};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

/// The most keys that stay published beside the current one.
const MOST_OLDER: usize = 16;

/// A key pair for RS256 with its identifiers.
pub(crate) struct SigningKey {
    pair: KeyPair,
    /// The thumbprint of RFC 7638.
    pub(crate) kid: String,
    /// The SHA-1 thumbprint of RFC 7515 §4.1.7, which v1 tokens have besides `kid`.
    pub(crate) x5t: String,
    certificate: Vec<u8>,
    public: PublicKeyComponents<Vec<u8>>,
}

impl SigningKey {
    /// Generates a key. Takes a few hundred milliseconds of one core.
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048)
            .map_err(|_| anyhow!("an RSA key cannot be generated"))?;
        let certificate = certificate(&pair).context("making a certificate for a signing key")?;
        Ok(Self::new(pair, certificate))
    }

    fn new(pair: KeyPair, certificate: Vec<u8>) -> Self {
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let n = URL_SAFE_NO_PAD.encode(&public.n);
        let e = URL_SAFE_NO_PAD.encode(&public.e);
        // RFC 7638 §3: the required members in lexicographic order, without white space.
        let thumbprint = digest(
            &SHA256,
            format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#).as_bytes(),
        );
        Self {
            kid: URL_SAFE_NO_PAD.encode(thumbprint),
            x5t: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate)),
            pair,
            certificate,
            public,
        }
    }

    /// Signs with RS256, whatever `header` says.
    pub(crate) fn sign(
        &self,
        header: &Map<String, Value>,
        claims: &impl Serialize,
    ) -> anyhow::Result<String> {
        self.sign_with(&RSA_PKCS1_SHA256, header, claims)
    }

    pub(crate) fn sign_with(
        &self,
        encoding: &'static dyn RsaEncoding,
        header: &Map<String, Value>,
        claims: &impl Serialize,
    ) -> anyhow::Result<String> {
        let header = serde_json::to_vec(header).context("encoding a token's header")?;
        let claims = serde_json::to_vec(claims).context("encoding a token's claims")?;
        let mut token = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                encoding,
                &SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .map_err(|_| anyhow!("signing a token failed"))?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(token)
    }

    pub(crate) fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    pub(crate) fn private_key_pem(&self) -> anyhow::Result<String> {
        let der: Pkcs8V1Der<'static> = self
            .pair
            .as_der()
            .map_err(|_| anyhow!("a signing key cannot be encoded"))?;
        Ok(pem("PRIVATE KEY", der.as_ref()))
    }

    /// The default header of this key's tokens.
    pub(crate) fn header(&self) -> Map<String, Value> {
        [("typ", "JWT"), ("alg", "RS256"), ("kid", &self.kid)]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect()
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    /// The published key. Like Entra's it has no `alg`, and it has `issuer` only in the v2 key
    /// set.
    pub(crate) fn to_jwk(&self, issuer: Option<&str>) -> Value {
        let mut jwk = json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.x5t,
            "n": URL_SAFE_NO_PAD.encode(&self.public.n),
            "e": URL_SAFE_NO_PAD.encode(&self.public.e),
            "x5c": [STANDARD.encode(&self.certificate)],
        });
        if let (Some(members), Some(issuer)) = (jwk.as_object_mut(), issuer) {
            members.insert("issuer".to_owned(), issuer.into());
        }
        jwk
    }
}

/// Encodes `der` as RFC 7468 does, but in one long line, which parsers accept.
fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

fn certificate(pair: &KeyPair) -> anyhow::Result<Vec<u8>> {
    let der: Pkcs8V1Der<'static> = pair
        .as_der()
        .map_err(|_| anyhow!("a signing key cannot be encoded"))?;
    let der = PrivatePkcs8KeyDer::from(der.as_ref());
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256)?;
    let mut parameters = rcgen::CertificateParams::default();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, "dev-entra token signing");
    Ok(parameters.self_signed(&pair)?.der().to_vec())
}

/// The published keys. The current one signs.
pub(crate) struct KeyRing {
    keys: RwLock<Keys>,
    /// Notified after each change.
    changed: Notify,
}

struct Keys {
    current: Arc<SigningKey>,
    older: Vec<Arc<SigningKey>>,
}

impl KeyRing {
    pub(crate) fn new(current: impl Into<Arc<SigningKey>>) -> Self {
        Self::with_older(current, Vec::new())
    }

    fn with_older(current: impl Into<Arc<SigningKey>>, older: Vec<Arc<SigningKey>>) -> Self {
        Self {
            keys: RwLock::new(Keys {
                current: current.into(),
                older,
            }),
            changed: Notify::new(),
        }
    }

    /// Waits until the keys have changed since the last call.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn current(&self) -> Arc<SigningKey> {
        Arc::clone(&self.read().current)
    }

    /// All published keys. Clients ignore their order.
    pub(crate) fn published(&self) -> Vec<Arc<SigningKey>> {
        let keys = self.read();
        std::iter::once(&keys.current)
            .chain(&keys.older)
            .cloned()
            .collect()
    }

    /// Makes `next` current and keeps the others published, up to a limit.
    pub(crate) fn rotate(&self, next: SigningKey) {
        let mut keys = self.write();
        let previous = std::mem::replace(&mut keys.current, Arc::new(next));
        if keys.older.len() >= MOST_OLDER {
            let dropped = keys.older.remove(0);
            tracing::info!(kid = dropped.kid, "oldest signing key retired");
        }
        keys.older.push(previous);
        self.changed.notify_one();
    }

    /// Publishes the current key only.
    pub(crate) fn retire(&self) {
        self.write().older.clear();
        self.changed.notify_one();
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        // Each change is one step, so the keys are valid even after a panic of a lock holder.
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::{KeyRing, SigningKey};

    #[test]
    fn key_verifies_only_its_own_signatures() {
        let key = SigningKey::generate().unwrap();
        let other = SigningKey::generate().unwrap();
        let token = key.sign(&key.header(), &json!({"a": 1})).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(key.verifies(message.as_bytes(), &signature));
        assert!(!key.verifies(b"another message", &signature));
        assert!(!other.verifies(message.as_bytes(), &signature));
    }

    #[test]
    fn older_keys_stay_published_until_they_are_retired() {
        let ring = KeyRing::new(SigningKey::generate().unwrap());
        let first = ring.current().kid.clone();
        ring.rotate(SigningKey::generate().unwrap());
        let kids = |ring: &KeyRing| {
            ring.published()
                .iter()
                .map(|key| key.kid.clone())
                .collect::<Vec<_>>()
        };
        assert_ne!(ring.current().kid, first);
        assert_eq!(kids(&ring), [ring.current().kid.clone(), first]);
        ring.retire();
        assert_eq!(kids(&ring), [ring.current().kid.clone()]);
    }

    #[test]
    fn published_key_has_the_members_of_entra() {
        let key = SigningKey::generate().unwrap();
        let members = |issuer| {
            key.to_jwk(issuer)
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(members(None), ["e", "kid", "kty", "n", "use", "x5c", "x5t"]);
        assert!(members(Some("https://localhost/t/v2.0")).contains(&"issuer".to_owned()));
        assert_eq!(key.to_jwk(None)["e"], "AQAB");
    }
}
