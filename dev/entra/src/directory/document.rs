//! The YAML document of the directory file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use uuid::Uuid;

use super::{ClientCertificate, FederatedCredential, RedirectUris, Secret};
use crate::authority::Version;

/// The whole file. Tenants and applications have keys, which the rest of the file refers to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) tenants: BTreeMap<String, TenantEntry>,
    #[serde(default)]
    pub(super) users: Vec<UserEntry>,
    pub(super) applications: BTreeMap<String, ApplicationEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantEntry {
    pub(super) id: Uuid,
    pub(super) name: String,
    /// Its verified domains.
    #[serde(default)]
    pub(super) domains: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct UserEntry {
    pub(super) name: String,
    pub(super) tenant: String,
    pub(super) oid: Uuid,
    pub(super) username: String,
    pub(super) password: Secret,
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeSet<String>>,
    /// The required authentication context, such as `c1`, by the resource's key.
    #[serde(default)]
    pub(super) conditional_access: BTreeMap<String, String>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a field of the file")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ApplicationEntry {
    pub(super) client_id: Uuid,
    pub(super) service_principal: Uuid,
    pub(super) tenant: String,
    #[serde(default)]
    pub(super) multi_tenant: bool,
    #[serde(default)]
    pub(super) public_client: bool,
    #[serde(default)]
    pub(super) secrets: Vec<Secret>,
    #[serde(default)]
    pub(super) certificates: Vec<ClientCertificate>,
    #[serde(default)]
    pub(super) federated_credentials: Vec<FederatedCredential>,
    pub(super) identifier_uri: Option<String>,
    pub(super) token_version: Version,
    #[serde(default)]
    pub(super) accept_v1_endpoint: bool,
    #[serde(default)]
    pub(super) scopes: BTreeSet<String>,
    /// Scopes that only an administrator may consent to.
    #[serde(default)]
    pub(super) admin_scopes: BTreeSet<String>,
    /// Scopes that need no consent, by the client's key.
    #[serde(default)]
    pub(super) pre_authorized: BTreeMap<String, BTreeSet<String>>,
    #[serde(default)]
    pub(super) redirect_uris: RedirectUris,
    pub(super) front_channel_logout_uri: Option<String>,
    #[serde(default)]
    pub(super) assignment_required: bool,
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeSet<MemberType>>,
    #[serde(default)]
    pub(super) grants: BTreeMap<String, GrantEntry>,
    #[serde(default)]
    pub(super) optional_claims: BTreeSet<OptionalClaim>,
}

impl ApplicationEntry {
    /// The application ID URI; Entra's default if the file gives none.
    pub(super) fn identifier_uri(&self) -> String {
        self.identifier_uri
            .clone()
            .unwrap_or_else(|| format!("api://{}", self.client_id))
    }
}

/// The kinds of members that an app role allows (`allowedMemberTypes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MemberType {
    Users,
    Applications,
}

/// Claims that a resource's tokens have only if the resource lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OptionalClaim {
    Idtyp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantEntry {
    #[serde(default)]
    pub(super) scopes: BTreeSet<String>,
    #[serde(default)]
    pub(super) roles: BTreeSet<String>,
}
