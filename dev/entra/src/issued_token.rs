//! Verification of access tokens that dev-entra has signed itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::signing_key::KeyRing;

/// Why a token is not one that dev-entra has signed and that is valid now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotIssued {
    Malformed,
    Algorithm,
    UnknownKey,
    Signature,
    /// It has expired, or is not valid yet.
    Expired,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Times {
    exp: i64,
    nbf: i64,
}

/// Verifies signature and times, and returns the claims.
pub(crate) fn verify<T: DeserializeOwned>(keys: &KeyRing, token: &str) -> Result<T, NotIssued> {
    let (signed, signature) = token.rsplit_once('.').ok_or(NotIssued::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(NotIssued::Malformed)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| NotIssued::Malformed)?;
    let header: Header = decode(header)?;
    if header.alg != "RS256" {
        return Err(NotIssued::Algorithm);
    }
    let published = keys.published();
    let key = published
        .iter()
        .find(|key| key.kid == header.kid)
        .ok_or(NotIssued::UnknownKey)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(NotIssued::Signature);
    }
    let parsed: T = decode(claims)?;
    let Times { exp, nbf } = decode(claims)?;
    let now = crate::clock::now();
    if now >= exp || now < nbf {
        return Err(NotIssued::Expired);
    }
    Ok(parsed)
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, NotIssued> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| NotIssued::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| NotIssued::Malformed)
}
