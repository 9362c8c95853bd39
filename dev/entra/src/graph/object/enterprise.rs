use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The part of a service principal that its application does not determine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServicePrincipalObject {
    pub(crate) id: Uuid,
    pub(crate) app_id: Uuid,
    #[serde(default = "yes")]
    pub(crate) account_enabled: bool,
    #[serde(default)]
    pub(crate) app_role_assignment_required: bool,
    #[serde(default)]
    pub(crate) notes: Option<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

/// The consent of an administrator or a user ("oAuth2PermissionGrant resource type").
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OAuth2PermissionGrant {
    #[serde(default)]
    pub(crate) id: String,
    /// The object id of the client's service principal, not its client id.
    pub(crate) client_id: Uuid,
    pub(crate) consent_type: ConsentType,
    #[serde(default)]
    pub(crate) principal_id: Option<Uuid>,
    pub(crate) resource_id: Uuid,
    /// Values of scopes, separated by spaces.
    pub(crate) scope: String,
}

/// For whom a consent counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConsentType {
    AllPrincipals,
    Principal,
}

/// A principal's app role ("appRoleAssignment resource type").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppRoleAssignment {
    #[serde(default)]
    pub(crate) created_date_time: Option<String>,
    /// The nil UUID is the default access, an assignment without a role.
    pub(crate) app_role_id: Uuid,
    pub(crate) principal_id: Uuid,
    pub(crate) principal_type: PrincipalType,
    /// The object id of the service principal that has the role.
    pub(crate) resource_id: Uuid,
}

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PrincipalType {
    User,
    Group,
    ServicePrincipal,
}

impl OAuth2PermissionGrant {
    /// The id, which client, resource and user determine: each has one grant.
    pub(crate) fn derived_id(&self) -> String {
        let ids = [
            self.client_id,
            self.resource_id,
            self.principal_id.unwrap_or_default(),
        ];
        joined(&ids)
    }

    /// The scopes by value.
    pub(crate) fn scopes(&self) -> BTreeSet<String> {
        self.scope.split_whitespace().map(str::to_owned).collect()
    }
}

impl AppRoleAssignment {
    /// The id, which principal, resource and role determine.
    pub(crate) fn id(&self) -> String {
        joined(&[self.principal_id, self.resource_id, self.app_role_id])
    }
}

fn joined(ids: &[Uuid]) -> String {
    let bytes: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

fn yes() -> bool {
    true
}
