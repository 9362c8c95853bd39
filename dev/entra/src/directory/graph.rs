//! Microsoft Graph as a resource. Every tenant has it, and a scope without a resource is one of it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::{Uuid, uuid};

use super::document::GrantEntry;
use super::{Application, ClientCredentials, ClientType, MemberType, RedirectUris};
use crate::authority::Version;

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

/// The permissions of a `grants.graph` that Microsoft Graph does not have here.
pub(super) fn unknown_permissions(place: &str, grant: &GrantEntry) -> Vec<String> {
    let is_scope = |name: &str| is_sign_in_scope(name) || ADMIN_PERMISSIONS.contains(&name);
    let scopes = grant.scopes.iter().filter(|name| !is_scope(name));
    let roles = grant
        .roles
        .iter()
        .filter(|name| !ADMIN_PERMISSIONS.contains(&name.as_str()));
    let error = |kind: &str, name: &str| {
        format!("{place}: {KEY} has no {kind} {name}; it has {ADMIN_PERMISSIONS:?}")
    };
    scopes
        .map(|name| error("scope", name))
        .chain(roles.map(|name| error("role", name)))
        .collect()
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
        puts_idtyp_in_tokens: true,
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
            object_id: Uuid::nil(),
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
            puts_idtyp_in_tokens: false,
            app_roles: BTreeMap::new(),
            is_present: true,
            tenant,
            multi_tenant: false,
            grants: BTreeMap::new(),
            pre_authorized: BTreeMap::new(),
        }
    }
}
