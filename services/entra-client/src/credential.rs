//! What proves that it is this application that asks.

mod certificate;
mod federated_token;
mod secret;

use std::path::{Path, PathBuf};

use url::Url;

use certificate::Certificate;
use federated_token::FederatedToken;
pub use secret::ClientSecret;
use secret::SecretFile;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// One of the ways that Entra takes for proof. Files are read for each token, so that a rotation
/// needs no restart.
#[derive(Debug)]
pub enum ClientCredential {
    /// A password of the application.
    Secret(ClientSecret),
    /// The same in a file.
    SecretFile(SecretFile),
    /// A certificate and its key; the application signs an assertion for each request.
    Certificate(Certificate),
    /// A token of another issuer that the application trusts, such as that of a Kubernetes service
    /// account.
    Federated(FederatedToken),
}

/// Why the credential can't be used. Names the file, and nothing in it.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file is not there, or not for us.
    #[error("{path}: cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file holds something else.
    #[error("{path}: {problem}")]
    Unusable {
        /// The file.
        path: String,
        /// What it is not, and what to do.
        problem: &'static str,
    },
    /// The key didn't sign.
    #[error("{path}: its key cannot sign")]
    NotSigned {
        /// The file.
        path: String,
    },
}

impl ClientCredential {
    /// The secret that this file holds.
    #[must_use]
    pub fn secret_file(path: PathBuf) -> Self {
        Self::SecretFile(SecretFile(path))
    }

    /// The certificate and the key that this PEM file holds.
    #[must_use]
    pub fn certificate(path: PathBuf) -> Self {
        Self::Certificate(Certificate::new(path))
    }

    /// The token that this file holds.
    #[must_use]
    pub fn federated(path: PathBuf) -> Self {
        Self::Federated(FederatedToken(path))
    }

    /// Reads what there is to read once, so that a service that can't prove itself doesn't start.
    pub async fn check(&self) -> Result<(), CredentialError> {
        let anywhere = Url::parse("https://localhost/").ok();
        match anywhere {
            Some(url) => self.form("start", &url).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// As logs call it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Secret(_) => "client secret",
            Self::SecretFile(_) => "client secret in a file",
            Self::Certificate(_) => "certificate",
            Self::Federated(_) => "federated token",
        }
    }

    /// The form fields that prove it, for a request to `token_url`.
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

/// The largest file of use is a certificate chain with its key.
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
