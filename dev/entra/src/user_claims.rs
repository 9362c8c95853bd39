//! Claims about a user that tokens have on request, or only for guests.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::authority::{Authority, Version};
use crate::directory::{Application, GroupMembershipClaims, OptionalClaim, User};

/// The most groups in a token (JSON Web Tokens have more room than SAML or the implicit flow).
const MOST_GROUPS: usize = 200;

/// Which claims an application has chosen for one kind of token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<'a> {
    optional: &'a BTreeSet<OptionalClaim>,
    groups: GroupMembershipClaims,
    version: Version,
}

impl<'a> Chosen<'a> {
    /// For access tokens, which the resource decides about.
    pub(crate) fn by_resource(resource: &'a Application, version: Version) -> Self {
        Self {
            optional: &resource.optional_claims,
            groups: resource.group_membership_claims,
            version,
        }
    }

    /// For ID tokens, which the client decides about.
    pub(crate) fn by_client(client: &'a Application) -> Self {
        Self {
            optional: &client.optional_id_token_claims,
            groups: client.group_membership_claims,
            version: Version::V2,
        }
    }

    pub(crate) fn has(&self, claim: OptionalClaim) -> bool {
        self.optional.contains(&claim)
    }
}

/// The claims, beside those that every token of a user has.
#[derive(Serialize)]
pub(crate) struct UserClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    acct: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    /// The home tenant of a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    idp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idtyp: Option<&'static str>,
    /// v1 tokens have it on request; v2 tokens always have it.
    #[serde(skip_serializing_if = "Option::is_none", rename = "preferred_username")]
    v1_preferred_username: Option<&'a str>,
    /// v1 tokens of members always have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    upn: Option<&'a str>,
    #[serde(flatten)]
    groups: Option<Groups<'a>>,
}

/// The groups, or where a client can get them (OpenID Connect Core §5.6.2, distributed claims).
#[derive(Serialize)]
#[serde(untagged)]
enum Groups<'a> {
    Listed {
        groups: &'a [Uuid],
    },
    Elsewhere {
        #[serde(rename = "_claim_names")]
        names: Value,
        #[serde(rename = "_claim_sources")]
        sources: Value,
    },
}

impl<'a> UserClaims<'a> {
    pub(crate) fn new(user: &'a User, chosen: Chosen<'_>, authority: &Authority) -> Self {
        let is_v1 = chosen.version == Version::V1;
        let wants_upn = chosen.has(OptionalClaim::Upn) || is_v1 && !user.is_guest();
        let wants_name = is_v1 && chosen.has(OptionalClaim::PreferredUsername);
        let wants_email = chosen.has(OptionalClaim::Email) || user.is_guest();
        Self {
            acct: chosen
                .has(OptionalClaim::Acct)
                .then_some(u8::from(user.is_guest())),
            email: wants_email.then_some(user.email.as_str()),
            idp: user
                .home
                .map(|home| authority.issuer(Version::V1, &home.to_string())),
            idtyp: chosen
                .has(OptionalClaim::IncludeUserToken)
                .then_some("user"),
            v1_preferred_username: wants_name.then_some(user.username.as_str()),
            upn: wants_upn.then_some(user.upn.as_str()),
            groups: groups(user, chosen.groups),
        }
    }
}

fn groups(user: &User, wanted: GroupMembershipClaims) -> Option<Groups<'_>> {
    if wanted == GroupMembershipClaims::None || user.groups.is_empty() {
        return None;
    }
    if user.groups.len() <= MOST_GROUPS {
        return Some(Groups::Listed {
            groups: &user.groups,
        });
    }
    // Entra still names Azure AD Graph, which is gone: clients take its path to Microsoft Graph.
    let endpoint = format!(
        "https://graph.windows.net/{}/users/{}/getMemberObjects",
        user.tenant, user.object_id
    );
    Some(Groups::Elsewhere {
        names: json!({"groups": "src1"}),
        sources: json!({"src1": {"endpoint": endpoint}}),
    })
}
