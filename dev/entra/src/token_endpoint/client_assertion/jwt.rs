use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::numeric_date::NumericDate;
use crate::oauth_error::OAuthError;

/// Maximum difference of clocks, as for Entra. msal-common also rounds `nbf` up to the next second.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// A client assertion as compact JWS, parsed and not yet verified.
pub(super) struct Jwt<'a> {
    pub(super) header: Header,
    pub(super) claims: Claims,
    /// The signed part of the token.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
}

#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    pub(super) x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    pub(super) x5t_s256: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    pub(super) exp: NumericDate,
    pub(super) nbf: Option<NumericDate>,
    pub(super) iat: Option<NumericDate>,
    pub(super) jti: Option<String>,
}

/// One string or a list (RFC 7519 §4.1.3). Kubernetes always writes a list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    List(Vec<String>),
}

impl Audience {
    /// The audience, if there is exactly one.
    pub(super) fn single(&self) -> Option<&str> {
        match self {
            Self::One(audience) => Some(audience),
            Self::List(list) => match list.as_slice() {
                [audience] => Some(audience),
                _ => None,
            },
        }
    }
}

impl<'a> Jwt<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("it has no three parts")?;
        let (header, claims) = signed.split_once('.').ok_or("it has no three parts")?;
        Ok(Self {
            header: decode(header).ok_or("its header is not a JSON object with alg")?,
            claims: decode(claims)
                .ok_or("its claims are not a JSON object with iss, sub, aud and exp")?,
            signed,
            signature: URL_SAFE_NO_PAD
                .decode(signature)
                .map_err(|_| "its signature is not base64url")?,
        })
    }
}

impl Claims {
    /// Checks `nbf`, `iat` and `exp`, but no maximum lifetime, which only some assertions have.
    pub(super) fn check_times(&self, now: i64) -> Result<(), OAuthError> {
        let NumericDate(starts) = self.nbf.or(self.iat).unwrap_or(NumericDate(now));
        let NumericDate(ends) = self.exp;
        let is_early = now < starts.saturating_sub(CLOCK_SKEW_SECONDS);
        let is_late = now >= ends.saturating_add(CLOCK_SKEW_SECONDS);
        if is_early || is_late {
            Err(OAuthError::ClientAssertionTime)
        } else {
            Ok(())
        }
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
