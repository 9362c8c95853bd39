//! Credentials that authenticate this application to the token endpoint.

mod certificate;
mod federated_token;
mod secret;

use std::path::{Path, PathBuf};

use url::Url;

use certificate::Certificate;
use federated_token::FederatedToken;
pub use secret::ClientSecret;
use secret::SecretFile;

/// The `client_assertion_type` of a JWT (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A credential of the application.
///
/// Files are read for each token, so that a rotation needs no restart.
#[derive(Debug)]
pub enum ClientCredential {
    /// A password of the application.
    Secret(ClientSecret),
    /// A password of the application in a file.
    SecretFile(SecretFile),
    /// A certificate with its key, which signs a client assertion for each request.
    Certificate(Certificate),
    /// A token of another issuer that the application trusts, such as a Kubernetes service account
    /// token.
    Federated(FederatedToken),
}

/// Why a credential cannot be used. It names the file and never its content.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file is absent, or this user may not read it.
    #[error("{path}: cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The file's content is invalid.
    #[error("{path}: {problem}")]
    Unusable {
        /// The file.
        path: String,
        /// The error and its remedy.
        problem: &'static str,
    },
    /// The key cannot sign.
    #[error("{path}: its key cannot sign")]
    NotSigned {
        /// The file.
        path: String,
    },
}

impl ClientCredential {
    /// The secret in this file.
    #[must_use]
    pub fn secret_file(path: PathBuf) -> Self {
        Self::SecretFile(SecretFile(path))
    }

    /// The certificate and key in this PEM file.
    #[must_use]
    pub fn certificate(path: PathBuf) -> Self {
        Self::Certificate(Certificate::new(path))
    }

    /// The token in this file.
    #[must_use]
    pub fn federated(path: PathBuf) -> Self {
        Self::Federated(FederatedToken(path))
    }

    /// Reads the credential once, so that a service with an invalid one does not start.
    pub async fn check(&self) -> Result<(), CredentialError> {
        let anywhere = Url::parse("https://localhost/").ok();
        match anywhere {
            Some(url) => self.form("start", &url).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// The name of the credential in logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Secret(_) => "client secret",
            Self::SecretFile(_) => "client secret in a file",
            Self::Certificate(_) => "certificate",
            Self::Federated(_) => "federated token",
        }
    }

    /// The form fields that authenticate a request to `token_url`.
    pub(crate) async fn form(
        &self,
        client_id: &str,
        token_url: &Url,
    ) -> Result<Vec<(&'static str, String)>, CredentialError> {
        Ok(match self {
            Self::Secret(secret) => vec![("client_secret", secret.reveal().to_owned())],
            Self::SecretFile(file) => {
                vec![("client_secret", file.read().await?.reveal().to_owned())]
            }
            Self::Certificate(certificate) => {
                assertion(certificate.assertion(client_id, token_url).await?)
            }
            Self::Federated(token) => assertion(token.read().await?),
        })
    }
}

fn assertion(value: String) -> Vec<(&'static str, String)> {
    vec![
        ("client_assertion_type", ASSERTION_TYPE.to_owned()),
        ("client_assertion", value),
    ]
}

/// Maximum size of a file. The largest valid one is a certificate chain with its key.
const FILE_LIMIT: u64 = 256 * 1024;

async fn read(path: &Path) -> Result<Vec<u8>, CredentialError> {
    use tokio::io::AsyncReadExt;

    let unreadable = |cause| CredentialError::Unreadable {
        path: path.display().to_string(),
        cause,
    };
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    file.take(FILE_LIMIT)
        .read_to_end(&mut bytes)
        .await
        .map_err(unreadable)?;
    Ok(bytes)
}

fn unusable(path: &Path, problem: &'static str) -> CredentialError {
    CredentialError::Unusable {
        path: path.display().to_string(),
        problem,
    }
}

#[cfg(test)]
mod tests;
