//! The file of `--token-issuer`.

use std::path::Path;
use std::str::FromStr;

use portcullis_policy::{Issuer, Provider};
use portcullis_runtime::read_secret;

/// The largest file that is read, as for policy documents: a ConfigMap holds no more.
const LARGEST_FILE: usize = 1024 * 1024;

/// The issuer of a file with one `TokenIssuer` document.
#[derive(Clone, Debug)]
pub(super) struct TokenIssuerFile(pub(super) Issuer);

/// Why a file names no issuer: it cannot be read, or its policy errors with their places.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct InvalidTokenIssuer(String);

impl TokenIssuerFile {
    pub(super) fn is_entra(&self) -> bool {
        matches!(self.0.provider, Provider::Entra(_))
    }
}

/// Reads the file that the value of a flag or an environment variable names.
impl FromStr for TokenIssuerFile {
    type Err = InvalidTokenIssuer;

    fn from_str(file: &str) -> Result<Self, InvalidTokenIssuer> {
        let text = read_secret(Path::new(file), LARGEST_FILE).map_err(InvalidTokenIssuer)?;
        Issuer::parse(file, &text)
            .map(Self)
            .map_err(|errors| InvalidTokenIssuer(errors.lines().join("; ")))
    }
}
