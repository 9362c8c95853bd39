//! Microsoft Graph as a resource. Every tenant has it, and a scope without a resource is one of it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::{Uuid, uuid};

use super::{Application, ClientCredentials, ClientType, RedirectUris};
use crate::authority::Version;

/// The identifier URI of Microsoft Graph.
pub(crate) const GRAPH_URI: &str = "https://graph.microsoft.com";

/// The application id of Microsoft Graph in every cloud.
pub(crate) const GRAPH_ID: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
/// The object id of its service principal, which differs for each real tenant.
const GRAPH_PRINCIPAL: Uuid = uuid!("00000003-0000-4000-c000-000000000001");

/// The scopes of a sign-in. They are scopes of Microsoft Graph, and every user may consent to them.
const SIGN_IN_SCOPES: [&str; 5] = ["openid", "profile", "email", "offline_access", "User.Read"];
/// Scopes of Microsoft Graph that only an administrator may consent to.
const ADMIN_SCOPES: [&str; 4] = [
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Group.Read.All",
    "User.Read.All",
];

/// Whether a scope of Microsoft Graph needs no consent here: the sample directory would otherwise
/// ask every user at the first sign-in.
pub(crate) fn is_sign_in_scope(name: &str) -> bool {
    SIGN_IN_SCOPES.contains(&name)
}

pub(super) fn application() -> Application {
    let owned = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    let admin_scopes = owned(&ADMIN_SCOPES);
    Application {
        key: "Microsoft Graph".to_owned(),
        client_id: GRAPH_ID,
        service_principal: GRAPH_PRINCIPAL,
        identifier_uri: GRAPH_URI.to_owned(),
        client_type: ClientType::Confidential(ClientCredentials {
            secrets: Vec::new(),
            certificates: Vec::new(),
            federated: Vec::new(),
        }),
        token_version: Version::V1,
        accepts_v1_endpoint: true,
        scopes: owned(&SIGN_IN_SCOPES)
            .union(&admin_scopes)
            .cloned()
            .collect(),
        admin_scopes,
        redirect_uris: RedirectUris::default(),
        front_channel_logout: None,
        assignment_required: false,
        puts_idtyp_in_tokens: true,
        tenant: Uuid::nil(),
        multi_tenant: true,
        grants: BTreeMap::new(),
        pre_authorized: BTreeMap::new(),
    }
}
