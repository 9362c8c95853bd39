//! The user assertion of on-behalf-of: a token of dev-entra that a client sends back.

use serde::Deserialize;
use uuid::Uuid;

use crate::issued_token::{self, NotIssued};
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
    scp: Option<String>,
    azp: Option<String>,
    appid: Option<String>,
}

impl Assertion {
    pub(super) fn verify(keys: &KeyRing, token: &str) -> Result<Self, OAuthError> {
        issued_token::verify(keys, token).map_err(|reason| match reason {
            NotIssued::Malformed => OAuthError::InvalidAssertion("it is not a JWT of this issuer"),
            NotIssued::Algorithm => OAuthError::InvalidAssertion("it is not signed with RS256"),
            NotIssued::UnknownKey => {
                OAuthError::InvalidAssertion("the key it names is not published")
            }
            NotIssued::Signature => OAuthError::InvalidAssertion("its signature is wrong"),
            NotIssued::Expired => OAuthError::ExpiredAssertion,
        })
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
