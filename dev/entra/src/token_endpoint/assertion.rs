//! The user assertion of on-behalf-of: a token of dev-entra that a client sends back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::oauth_error::OAuthError;
use crate::signing_key::KeyRing;

/// The claims of a valid token that dev-entra has signed.
#[derive(Debug, Deserialize)]
pub(super) struct Assertion {
    pub(super) aud: String,
    pub(super) iss: String,
    pub(super) tid: Uuid,
    pub(super) oid: Uuid,
    /// The authentication contexts that the user has met.
    #[serde(default)]
    pub(super) acrs: Vec<String>,
    exp: i64,
    nbf: i64,
    scp: Option<String>,
    azp: Option<String>,
    appid: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

impl Assertion {
    pub(super) fn verify(keys: &KeyRing, token: &str) -> Result<Self, OAuthError> {
        let malformed = || OAuthError::InvalidAssertion("it is not a JWT of this issuer");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
        let header: Header = decode(header).ok_or_else(malformed)?;
        if header.alg != "RS256" {
            return Err(OAuthError::InvalidAssertion("it is not signed with RS256"));
        }
        let published = keys.published();
        let key = published.iter().find(|key| key.kid == header.kid).ok_or(
            OAuthError::InvalidAssertion("the key it names is not published"),
        )?;
        if !key.verifies(signed.as_bytes(), &signature) {
            return Err(OAuthError::InvalidAssertion("its signature is wrong"));
        }
        let assertion: Self = decode(claims).ok_or_else(malformed)?;
        let now = jiff::Timestamp::now().as_second();
        if now >= assertion.exp || now < assertion.nbf {
            return Err(OAuthError::ExpiredAssertion);
        }
        Ok(assertion)
    }

    /// Whether this is an ID token: it is for the client itself, so it has no `azp` or `appid`.
    pub(super) fn is_id_token(&self) -> bool {
        self.azp.is_none() && self.appid.is_none()
    }

    /// Whether this is an app-only token: only delegated tokens have scopes, but an agent
    /// identity's own token can have the scope `/`.
    pub(super) fn is_app_only(&self) -> bool {
        matches!(self.scp.as_deref(), None | Some("" | "/"))
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
