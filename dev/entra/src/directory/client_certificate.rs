use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A certificate that an application has registered. A holder of its key is the application.
///
/// Entra checks neither its chain nor its revocation. It is trusted because it is registered.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct ClientCertificate {
    /// The SHA-256 thumbprint of RFC 7515 §4.1.8.
    pub(crate) x5t_s256: String,
    /// The SHA-1 thumbprint of RFC 7515 §4.1.7, which older clients send.
    pub(crate) x5t: String,
    /// The RSA key in PKCS#1, as in the certificate.
    public_key: Vec<u8>,
    not_before: i64,
    not_after: i64,
}

/// The algorithms of client assertions: PS256 as Entra documents it, and RS256 of older clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RsaAlgorithm {
    Ps256,
    Rs256,
}

impl ClientCertificate {
    pub(crate) fn verifies(
        &self,
        algorithm: RsaAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let verified = match algorithm {
            RsaAlgorithm::Ps256 => {
                UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.public_key)
                    .verify(message, signature)
            }
            RsaAlgorithm::Rs256 => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
                    .verify(message, signature)
            }
        };
        verified.is_ok()
    }

    pub(crate) fn is_valid_at(&self, now: i64) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }
}

impl TryFrom<String> for ClientCertificate {
    type Error = String;

    fn try_from(pem: String) -> Result<Self, String> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| "is not a certificate in PEM (BEGIN CERTIFICATE)".to_owned())?;
        let (_, certificate) = X509Certificate::from_der(&der)
            .map_err(|error| format!("is not an X.509 certificate: {error}"))?;
        let key = certificate.public_key();
        if !key
            .parsed()
            .is_ok_and(|key| matches!(key, x509_parser::public_key::PublicKey::RSA(_)))
        {
            return Err(
                "has a key other than RSA, which client assertions are not signed with".to_owned(),
            );
        }
        Ok(Self {
            x5t_s256: URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)),
            x5t: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
            public_key: key.subject_public_key.data.to_vec(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
        })
    }
}
