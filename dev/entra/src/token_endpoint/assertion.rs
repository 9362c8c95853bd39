//! A token of ours that a client sends back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::signing_key::KeyRing;

/// The claims of a token that we signed and that is valid now.
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
    pub(super) fn verify(keys: &KeyRing, token: &str) -> Result<Self, Refusal> {
        let malformed = || Refusal::InvalidAssertion("it is not a JWT of this issuer");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
        let header: Header = decode(header).ok_or_else(malformed)?;
        if header.alg != "RS256" {
            return Err(Refusal::InvalidAssertion("it is not signed with RS256"));
        }
        let published = keys.published();
        let key =
            published
                .iter()
                .find(|key| key.kid == header.kid)
                .ok_or(Refusal::InvalidAssertion(
                    "the key it names is not published",
                ))?;
        if !key.verifies(signed.as_bytes(), &signature) {
            return Err(Refusal::InvalidAssertion("its signature is wrong"));
        }
        let assertion: Self = decode(claims).ok_or_else(malformed)?;
        let now = jiff::Timestamp::now().as_second();
        if now >= assertion.exp || now < assertion.nbf {
            return Err(Refusal::ExpiredAssertion);
        }
        Ok(assertion)
    }

    /// ID tokens are for the client itself, so they name no authorized party.
    pub(super) fn is_id_token(&self) -> bool {
        self.azp.is_none() && self.appid.is_none()
    }

    /// Only delegated tokens have scopes; an agent identity's own token can have the scope `/`.
    pub(super) fn is_app_only(&self) -> bool {
        matches!(self.scp.as_deref(), None | Some("" | "/"))
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
