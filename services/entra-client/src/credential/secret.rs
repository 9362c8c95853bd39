use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{CredentialError, read, unusable};

/// A client secret of the application. It is never printed.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret itself, for the request to the token endpoint only.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientSecret {
    type Err = &'static str;

    fn from_str(secret: &str) -> Result<Self, Self::Err> {
        // Files and copied values often end in a newline, for which Entra's AADSTS7000215 gives no
        // hint.
        match secret.trim() {
            "" => Err("is empty; create a client secret for the application"),
            secret => Ok(Self(secret.to_owned())),
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientSecret(redacted)")
    }
}

/// A file that holds only the secret, as Kubernetes mounts one.
#[derive(Debug)]
pub struct SecretFile(pub(super) PathBuf);

impl SecretFile {
    pub(super) async fn read(&self) -> Result<ClientSecret, CredentialError> {
        let bytes = read(&self.0).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| unusable(&self.0, "is not text"))?;
        text.parse().map_err(|problem| unusable(&self.0, problem))
    }
}
