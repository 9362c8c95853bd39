use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{CredentialError, read, unusable};

/// Life of an assertion. Entra recommends 5 to 10 minutes; each request has its own assertion.
const LIFE: Duration = Duration::from_mins(5);
/// Maximum time by which this machine's clock may be ahead of Entra's.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// A certificate and its key, in one PEM file.
#[derive(Debug)]
pub struct Certificate {
    path: PathBuf,
    loaded: Mutex<Option<Arc<Loaded>>>,
}

/// The last valid content of the file.
///
/// It is kept because parsing a key takes a hundred times as long as reading the file.
struct Loaded {
    pem_digest: [u8; 32],
    key: RsaKeyPair,
    /// The encoded header, the same for every assertion of this certificate.
    header: String,
}

impl Certificate {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            loaded: Mutex::default(),
        }
    }

    /// A new client assertion (RFC 7523 §3), signed with PS256 and with `x5t#S256` in its header.
    ///
    /// See Entra's "application authentication certificate credentials".
    pub(super) async fn assertion(
        &self,
        client_id: &str,
        token_url: &Url,
    ) -> Result<String, CredentialError> {
        let loaded = self.load().await?;
        let now = SystemTime::now();
        let seconds = |moment: SystemTime| {
            moment
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs()
        };
        let claims = json!({
            "aud": token_url.as_str(),
            "iss": client_id,
            "sub": client_id,
            "jti": Uuid::new_v4(),
            "iat": seconds(now),
            "nbf": seconds(now - CLOCK_SKEW),
            "exp": seconds(now + LIFE),
        });
        let mut assertion = format!(
            "{}.{}",
            loaded.header,
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let mut signature = vec![0; loaded.key.public_modulus_len()];
        loaded
            .key
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                assertion.as_bytes(),
                &mut signature,
            )
            .map_err(|_| CredentialError::NotSigned {
                path: self.path.display().to_string(),
            })?;
        assertion.push('.');
        assertion.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(assertion)
    }

    /// The present content of the file.
    ///
    /// While the file is invalid, as in the middle of a write, it is the last valid content.
    async fn load(&self) -> Result<Arc<Loaded>, CredentialError> {
        let before = self
            .loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let parsed = match read(&self.path).await {
            Ok(pem) => {
                let pem_digest = sha256(&pem);
                if let Some(loaded) = before
                    .as_ref()
                    .filter(|loaded| loaded.pem_digest == pem_digest)
                {
                    return Ok(Arc::clone(loaded));
                }
                parse(&pem, pem_digest).map_err(|problem| unusable(&self.path, problem))
            }
            Err(error) => Err(error),
        };
        match (parsed, before) {
            (Ok(loaded), _) => {
                let loaded = Arc::new(loaded);
                *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Arc::clone(&loaded));
                Ok(loaded)
            }
            (Err(error), Some(before)) => {
                tracing::warn!(
                    %error,
                    "cannot reload the client certificate; keeping the last valid one"
                );
                Ok(before)
            }
            (Err(error), None) => Err(error),
        }
    }
}

fn parse(pem: &[u8], pem_digest: [u8; 32]) -> Result<Loaded, &'static str> {
    let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| {
        "holds no certificate in PEM (BEGIN CERTIFICATE); \
         convert a .pfx with: openssl pkcs12 -in FILE.pfx -nodes"
    })?;
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        "holds no private key in PEM, or an encrypted one; \
         append the certificate's key (BEGIN PRIVATE KEY), decrypted with: \
         openssl pkcs8 -topk8 -nocrypt"
    })?;
    let key = match &key {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("has a key that is not RSA; PS256 needs an RSA key of 2048 bits or more"),
    };
    let key = key.map_err(|_| "has a private key that is not RSA of 2048 bits or more")?;
    // A certificate embeds its RSA key as PKCS#1, the form of `public_key` (RFC 8017 §A.1.1).
    let public = key.public_key().as_ref();
    if !certificate
        .windows(public.len())
        .any(|window| window == public)
    {
        return Err(
            "holds a certificate and the key of another one; put the key's certificate first",
        );
    }
    let thumbprint = URL_SAFE_NO_PAD.encode(sha256(&certificate));
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}).to_string();
    Ok(Loaded {
        pem_digest,
        key,
        header: URL_SAFE_NO_PAD.encode(header),
    })
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut value = [0; 32];
    value.copy_from_slice(digest(&SHA256, bytes).as_ref());
    value
}

impl fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Loaded(redacted)")
    }
}
