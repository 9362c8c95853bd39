//! ID tokens, which are for the client and not for a resource.

use serde::Serialize;
use uuid::Uuid;

use crate::access_token::{Validity, pairwise_subject, unique_identifier};
use crate::authority::{Authority, Version};
use crate::directory::{Application, Tenant, User};

/// The claims of a v2 ID token.
#[derive(Serialize)]
pub(crate) struct IdToken<'a> {
    aud: Uuid,
    iss: String,
    #[serde(flatten)]
    validity: Validity,
    name: &'a str,
    preferred_username: &'a str,
    oid: Uuid,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    sub: String,
    tid: Uuid,
    uti: String,
    ver: &'static str,
}

impl<'a> IdToken<'a> {
    pub(crate) fn new(
        user: &'a User,
        tenant: &Tenant,
        client: &Application,
        authority: &Authority,
        validity: Validity,
    ) -> Self {
        Self {
            aud: client.client_id,
            iss: authority.issuer(Version::V2, &tenant.id.to_string()),
            validity,
            name: &user.name,
            preferred_username: &user.username,
            oid: user.object_id,
            roles: user.roles_on(client).collect(),
            sub: pairwise_subject(user.object_id, tenant, client),
            tid: tenant.id,
            uti: unique_identifier(),
            ver: "2.0",
        }
    }
}
