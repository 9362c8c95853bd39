//! Microsoft Graph as a resource. Every tenant has it, and a scope without a resource is one of it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::{Uuid, uuid};

use super::{
    Application, ClientCredentials, ClientType, GroupMembershipClaims, MemberType, OptionalClaim,
    RedirectUris,
};
use crate::authority::Version;
use crate::graph::derived_id;

/// The key of Microsoft Graph in the `grants` of the directory file.
pub(super) const KEY: &str = "graph";

/// The identifier URI of Microsoft Graph.
pub(crate) const GRAPH_URI: &str = "https://graph.microsoft.com";

/// The application id of Microsoft Graph in every cloud.
pub(crate) const GRAPH_ID: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
/// The object id of its service principal, which differs for each real tenant.
const GRAPH_PRINCIPAL: Uuid = uuid!("00000003-0000-4000-c000-000000000001");
/// The object id of its registration, which no tenant here has.
const GRAPH_OBJECT: Uuid = uuid!("00000003-0000-4000-c000-000000000002");

/// The scopes of a sign-in. They are scopes of Microsoft Graph, and every user may consent to them.
const SIGN_IN_SCOPES: [&str; 5] = ["openid", "profile", "email", "offline_access", "User.Read"];
/// Scopes of Microsoft Graph that only an administrator may consent to. Each is an app role too.
const ADMIN_PERMISSIONS: [&str; 9] = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "User.Read.All",
];

/// Whether a scope of Microsoft Graph needs no consent here: the sample directory would otherwise
/// ask every user at the first sign-in.
pub(crate) fn is_sign_in_scope(name: &str) -> bool {
    SIGN_IN_SCOPES.contains(&name)
}

/// An error for each of `scopes` that Microsoft Graph does not have here.
pub(super) fn unknown_scopes(scopes: &BTreeSet<String>) -> impl Iterator<Item = String> {
    let is_scope = |name: &str| is_sign_in_scope(name) || ADMIN_PERMISSIONS.contains(&name);
    scopes
        .iter()
        .filter(move |name| !is_scope(name))
        .map(|name| unknown("scope", name))
}

/// An error for each of `roles` that Microsoft Graph does not have here.
pub(super) fn unknown_roles(roles: &BTreeSet<String>) -> impl Iterator<Item = String> {
    roles
        .iter()
        .filter(|name| !ADMIN_PERMISSIONS.contains(&name.as_str()))
        .map(|name| unknown("role", name))
}

fn unknown(kind: &str, name: &str) -> String {
    format!("{KEY} has no {kind} {name}; it has {ADMIN_PERMISSIONS:?}")
}

pub(super) fn application() -> Application {
    let owned = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    let admin_scopes = owned(&ADMIN_PERMISSIONS);
    Application {
        key: "Microsoft Graph".to_owned(),
        identifier_uri: GRAPH_URI.to_owned(),
        accepts_v1_endpoint: true,
        scopes: owned(&SIGN_IN_SCOPES)
            .union(&admin_scopes)
            .cloned()
            .collect(),
        app_roles: admin_scopes
            .iter()
            .map(|name| (name.clone(), BTreeSet::from([MemberType::Applications])))
            .collect(),
        admin_scopes,
        optional_claims: BTreeSet::from([OptionalClaim::Idtyp]),
        object_id: GRAPH_OBJECT,
        service_principal: GRAPH_PRINCIPAL,
        multi_tenant: true,
        ..Application::blank(GRAPH_ID, Uuid::nil())
    }
}

impl Application {
    /// A registration of `tenant` with nothing in it.
    pub(super) fn blank(client_id: Uuid, tenant: Uuid) -> Self {
        Self {
            key: client_id.to_string(),
            client_id,
            object_id: derived_id(client_id, "application"),
            service_principal: Uuid::nil(),
            identifier_uri: client_id.to_string(),
            more_identifier_uris: Vec::new(),
            client_type: ClientType::Confidential(ClientCredentials::default()),
            token_version: Version::V1,
            accepts_v1_endpoint: false,
            scopes: BTreeSet::new(),
            admin_scopes: BTreeSet::new(),
            redirect_uris: RedirectUris::default(),
            front_channel_logout: None,
            assignment_required: false,
            app_roles: BTreeMap::new(),
            is_present: true,
            optional_claims: BTreeSet::new(),
            optional_id_token_claims: BTreeSet::new(),
            group_membership_claims: GroupMembershipClaims::None,
            blueprint: None,
            managed_identity: None,
            tenant,
            multi_tenant: false,
            grants: BTreeMap::new(),
            pre_authorized: BTreeMap::new(),
            requires: None,
            known_clients: BTreeSet::new(),
        }
    }
}
