use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::oauth_error::OAuthError;

/// Random bytes that cannot be guessed.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], OAuthError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| OAuthError::unavailable(&anyhow::anyhow!("the system has no random bytes")))?;
    Ok(bytes)
}
