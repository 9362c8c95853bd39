//! The YAML document of the directory file.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ClientCertificate, ClientSecret, FederatedCredential, RedirectUris, Secret};
use crate::authority::Version;

/// The whole file. Tenants and applications have keys, which the rest of the file refers to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Document {
    /// The tenants, by keys that the rest of the file uses.
    pub(super) tenants: BTreeMap<String, TenantEntry>,
    /// The users.
    #[serde(default)]
    pub(super) users: Vec<UserEntry>,
    /// The security groups.
    #[serde(default)]
    pub(super) groups: Vec<GroupEntry>,
    /// The application registrations, by keys that the rest of the file uses.
    pub(super) applications: BTreeMap<String, ApplicationEntry>,
    /// The identities of Azure resources, by keys.
    #[serde(default)]
    pub(super) managed_identities: BTreeMap<String, ManagedIdentityEntry>,
    /// The value of `X-IDENTITY-HEADER` that App Service gives to its apps (`IDENTITY_HEADER`).
    pub(super) identity_header: Option<Secret>,
}

/// The identity of an Azure resource. It has no credentials: the platform issues its tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ManagedIdentityEntry {
    /// The client id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) client_id: Uuid,
    /// The object id of the service principal.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) object_id: Uuid,
    /// The key of the tenant.
    pub(super) tenant: String,
    /// Whether requests that name no identity get this one.
    #[serde(default)]
    pub(super) system_assigned: bool,
    /// The id of the Azure resource; one is made up if it is absent.
    pub(super) resource_id: Option<String>,
    /// App roles, by the application's key.
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeSet<String>>,
}

impl ManagedIdentityEntry {
    pub(super) fn resource_id(&self, key: &str) -> String {
        self.resource_id.clone().unwrap_or_else(|| {
            format!(
                "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/dev/providers/\
                 Microsoft.ManagedIdentity/userAssignedIdentities/{key}"
            )
        })
    }
}

/// An organization.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantEntry {
    /// The tenant id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) id: Uuid,
    /// The display name.
    pub(super) name: String,
    /// Its verified domains.
    #[serde(default)]
    pub(super) domains: Vec<String>,
}

/// A user.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct UserEntry {
    /// The display name.
    pub(super) name: String,
    /// The key of the home tenant.
    pub(super) tenant: String,
    /// The object id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) oid: Uuid,
    /// The user principal name.
    pub(super) username: String,
    /// Without one, the username is the e-mail address.
    pub(super) email: Option<String>,
    /// Whether this user may consent to `adminScopes`.
    #[serde(default)]
    pub(super) administrator: bool,
    /// The password, which is public.
    pub(super) password: Secret,
    /// App roles, by the application's key.
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeSet<String>>,
    /// The required authentication context, such as `c1`, by the resource's key.
    #[serde(default)]
    pub(super) conditional_access: BTreeMap<String, String>,
    /// The tenants that have this user as a guest, by their keys.
    #[serde(default)]
    pub(super) guest_in: BTreeMap<String, GuestEntry>,
}

/// A user as a guest in another tenant.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct GuestEntry {
    /// The object id in that tenant.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) oid: Uuid,
    /// App roles of the guest, by the application's key.
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeSet<String>>,
}

/// A security group, or several with the same members.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct GroupEntry {
    /// The display name.
    pub(super) name: String,
    /// The object id; that of the first if there are several.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) id: Uuid,
    /// The key of the tenant.
    pub(super) tenant: String,
    /// The usernames of members, which are users or guests of the tenant.
    pub(super) members: Vec<String>,
    /// App roles of every member, by the application's key.
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeSet<String>>,
    /// The number of groups like this. Their ids count up from `id`.
    #[serde(default = "one")]
    pub(super) count: u16,
}

fn one() -> u16 {
    1
}

impl GroupEntry {
    /// The ids of these groups.
    pub(super) fn ids(&self) -> impl Iterator<Item = Uuid> + use<> {
        let first = self.id.as_u128();
        (0..self.count).map(move |index| Uuid::from_u128(first.wrapping_add(index.into())))
    }
}

/// An application registration with its service principal.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the file")]
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ApplicationEntry {
    /// The application (client) id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) client_id: Uuid,
    /// The object id of the enterprise application.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub(super) service_principal: Uuid,
    /// The key of the tenant that it is registered in.
    pub(super) tenant: String,
    /// Whether users of other tenants may sign in.
    #[serde(default)]
    pub(super) multi_tenant: bool,
    /// Whether it has no credentials.
    #[serde(default)]
    pub(super) public_client: bool,
    /// The client secrets, which are public.
    #[serde(default)]
    pub(super) secrets: Vec<ClientSecret>,
    /// The certificates of client assertions, in PEM.
    #[serde(default)]
    pub(super) certificates: Vec<ClientCertificate>,
    /// The issuers whose tokens it accepts in place of a secret.
    #[serde(default)]
    pub(super) federated_credentials: Vec<FederatedCredential>,
    /// The application ID URI; api:// and the client id if absent.
    pub(super) identifier_uri: Option<String>,
    /// The version of access tokens for it.
    pub(super) token_version: Version,
    /// Whether the v1 endpoint issues v1 tokens for it, which Entra ID cannot.
    #[serde(default)]
    pub(super) accept_v1_endpoint: bool,
    /// The scopes that users may consent to.
    #[serde(default)]
    pub(super) scopes: BTreeSet<String>,
    /// Scopes that only an administrator may consent to.
    #[serde(default)]
    pub(super) admin_scopes: BTreeSet<String>,
    /// Scopes that need no consent, by the client's key.
    #[serde(default)]
    pub(super) pre_authorized: BTreeMap<String, BTreeSet<String>>,
    /// The redirect URIs, by platform.
    #[serde(default)]
    pub(super) redirect_uris: RedirectUris,
    /// Called in an iframe when a user signs out.
    pub(super) front_channel_logout_uri: Option<String>,
    /// Whether only users with a role may sign in.
    #[serde(default)]
    pub(super) assignment_required: bool,
    /// The app roles, with the kinds of members that each allows.
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeSet<MemberType>>,
    /// What an administrator consented to, by the resource's key.
    #[serde(default)]
    pub(super) grants: BTreeMap<String, GrantEntry>,
    /// Optional claims of access tokens for it.
    #[serde(default)]
    pub(super) optional_claims: BTreeSet<OptionalClaim>,
    /// The scopes that this client asks for, by the resource's key (`requiredResourceAccess`).
    pub(super) requires: Option<BTreeMap<String, BTreeSet<String>>>,
    /// The keys of clients whose users consent to this application together with the client.
    #[serde(default)]
    pub(super) known_client_applications: BTreeSet<String>,
    /// The key of the blueprint, if this is an agent identity. The blueprint has its credentials.
    pub(super) agent_of: Option<String>,
    /// Optional claims of the ID tokens that the application gets as a client.
    #[serde(default)]
    pub(super) optional_id_token_claims: BTreeSet<OptionalClaim>,
    /// The groups in tokens for it.
    #[serde(default)]
    pub(super) group_membership_claims: GroupMembershipClaims,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MemberType {
    Users,
    Applications,
}

/// Claims that tokens have only if the application lists them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OptionalClaim {
    /// `0` for a member of the tenant, `1` for a guest.
    Acct,
    /// The authentication contexts that the user met. Access tokens always have them.
    Acrs,
    Email,
    /// The groups, as `groupMembershipClaims` says.
    Groups,
    /// `app` in tokens of applications.
    Idtyp,
    /// `idtyp` in tokens of users too.
    IncludeUserToken,
    PreferredUsername,
    Upn,
}

/// Which groups of a user are in tokens (`groupMembershipClaims` of a registration).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum GroupMembershipClaims {
    #[default]
    None,
    SecurityGroup,
}

/// What an administrator consented to for one client on one resource.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantEntry {
    /// Delegated scopes.
    #[serde(default)]
    pub(super) scopes: BTreeSet<String>,
    /// App roles.
    #[serde(default)]
    pub(super) roles: BTreeSet<String>,
}
