use std::path::PathBuf;

use super::{CredentialError, read, unusable};

/// A file with a token of another issuer, such as a projected service account token.
#[derive(Debug)]
pub struct FederatedToken(pub(super) PathBuf);

impl FederatedToken {
    /// Reads the present token. kubelet replaces it long before it expires.
    pub(super) async fn read(&self) -> Result<String, CredentialError> {
        let bytes = read(&self.0).await?;
        let token = std::str::from_utf8(&bytes)
            .map(str::trim)
            .unwrap_or_default();
        let is_jwt =
            token.split('.').count() == 3 && token.bytes().all(|byte| byte.is_ascii_graphic());
        if is_jwt {
            Ok(token.to_owned())
        } else {
            Err(unusable(
                &self.0,
                "does not hold a JWT; write one JWT and nothing else",
            ))
        }
    }
}
