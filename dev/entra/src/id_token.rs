//! ID tokens, which are for the client and not for a resource.

use serde::Serialize;
use uuid::Uuid;

use crate::access_token::{Authorization, Validity, pairwise_subject, unique_identifier};
use crate::authority::{Authority, Version};
use crate::directory::{OptionalClaim, User};
use crate::user_claims::{Chosen, UserClaims};

/// The claims of a v2 ID token.
#[derive(Serialize)]
pub(crate) struct IdToken<'a> {
    aud: Uuid,
    iss: String,
    #[serde(flatten)]
    validity: Validity,
    name: &'a str,
    preferred_username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    /// A hint for the next sign-in and for sign-out. Entra's is opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_hint: Option<&'a str>,
    oid: Uuid,
    #[serde(flatten)]
    rest: UserClaims<'a>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    acrs: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    sub: String,
    tid: Uuid,
    uti: String,
    ver: &'static str,
}

/// What an ID token says about a sign-in in a browser.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SignInClaims<'a> {
    pub(crate) nonce: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
    /// The authentication contexts that the user met.
    pub(crate) contexts: &'a [String],
}

impl<'a> IdToken<'a> {
    pub(crate) fn new(
        user: &'a User,
        authorization: &Authorization<'_>,
        sign_in: SignInClaims<'a>,
        authority: &Authority,
        validity: Validity,
    ) -> Self {
        let Authorization { tenant, client, .. } = authorization;
        let chosen = Chosen::by_client(client);
        Self {
            aud: client.client_id,
            iss: authority.issuer(Version::V2, &tenant.id.to_string()),
            validity,
            name: &user.name,
            preferred_username: &user.username,
            nonce: sign_in.nonce,
            sid: sign_in.session,
            login_hint: sign_in.session,
            oid: user.object_id,
            rest: UserClaims::new(user, chosen, authority),
            acrs: if chosen.has(OptionalClaim::Acrs) {
                sign_in.contexts
            } else {
                &[]
            },
            roles: user.roles_on(client).collect(),
            sub: pairwise_subject(user.object_id, tenant, client),
            tid: tenant.id,
            uti: unique_identifier(),
            ver: "2.0",
        }
    }
}
