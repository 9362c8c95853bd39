use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    AppRole, OptionalClaims, PasswordCredential, PermissionScope, PreAuthorizedApplication,
};

/// Properties of an application that dev-entra keeps and does not use.
const KEPT: [&str; 16] = [
    "applicationTemplateId",
    "certification",
    "defaultRedirectUri",
    "description",
    "info",
    "isDeviceOnlyAuthSupported",
    "nativeAuthenticationApisEnabled",
    "notes",
    "parentalControlSettings",
    "publisherDomain",
    "requestSignatureVerification",
    "samlMetadataUrl",
    "serviceManagementReference",
    "servicePrincipalLockConfiguration",
    "tags",
    "tokenEncryptionKeyId",
];

/// The registration of an application ("application resource type").
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApplicationObject {
    pub(crate) id: Uuid,
    pub(crate) app_id: Uuid,
    pub(crate) deleted_date_time: Option<String>,
    pub(crate) created_date_time: Option<String>,
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) identifier_uris: Vec<String>,
    #[serde(default = "single_tenant")]
    pub(crate) sign_in_audience: String,
    #[serde(default)]
    pub(crate) is_fallback_public_client: Option<bool>,
    #[serde(default)]
    pub(crate) group_membership_claims: Option<String>,
    #[serde(default)]
    pub(crate) api: Api,
    #[serde(default)]
    pub(crate) app_roles: Vec<AppRole>,
    #[serde(default)]
    pub(crate) required_resource_access: Vec<RequiredResourceAccess>,
    #[serde(default)]
    pub(crate) web: Web,
    #[serde(default)]
    pub(crate) spa: RedirectUriList,
    #[serde(default)]
    pub(crate) public_client: RedirectUriList,
    #[serde(default)]
    pub(crate) optional_claims: Option<OptionalClaims>,
    #[serde(default)]
    pub(crate) password_credentials: Vec<PasswordCredential>,
    #[serde(default)]
    pub(crate) key_credentials: Vec<Value>,
    /// Properties of `KEPT`.
    #[serde(flatten)]
    pub(crate) kept: BTreeMap<String, Value>,
}

/// What the application offers as an API.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Api {
    pub(crate) accept_mapped_claims: Option<bool>,
    pub(crate) known_client_applications: Vec<Uuid>,
    /// None stands for version 1.
    pub(crate) requested_access_token_version: Option<u8>,
    pub(crate) oauth2_permission_scopes: Vec<PermissionScope>,
    pub(crate) pre_authorized_applications: Vec<PreAuthorizedApplication>,
}

/// The permissions that an application declares that it needs. A declaration grants nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequiredResourceAccess {
    pub(crate) resource_app_id: Uuid,
    resource_access: Vec<ResourceAccess>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceAccess {
    id: Uuid,
    r#type: ResourceAccessType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ResourceAccessType {
    Scope,
    Role,
}

/// The web platform.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Web {
    pub(crate) home_page_url: Option<String>,
    pub(crate) logout_url: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    /// dev-entra has no implicit flow.
    implicit_grant_settings: ImplicitGrantSettings,
    /// The same URIs with an order, which Graph derives.
    redirect_uri_settings: Vec<Value>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ImplicitGrantSettings {
    enable_access_token_issuance: bool,
    enable_id_token_issuance: bool,
}

/// One of the other platforms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct RedirectUriList {
    pub(crate) redirect_uris: Vec<String>,
}

impl RequiredResourceAccess {
    pub(crate) fn of_scopes(resource_app_id: Uuid, ids: impl Iterator<Item = Uuid>) -> Self {
        let r#type = ResourceAccessType::Scope;
        Self {
            resource_app_id,
            resource_access: ids.map(|id| ResourceAccess { id, r#type }).collect(),
        }
    }

    /// The ids of the scopes.
    pub(crate) fn scope_ids(&self) -> impl Iterator<Item = Uuid> {
        let accesses = self.resource_access.iter();
        accesses
            .filter(|access| access.r#type == ResourceAccessType::Scope)
            .map(|access| access.id)
    }
}

impl ApplicationObject {
    /// A registration with Graph's defaults.
    pub(crate) fn new(id: Uuid, app_id: Uuid, created: Option<String>) -> Self {
        let blank = Self {
            id,
            app_id,
            deleted_date_time: None,
            created_date_time: created,
            display_name: String::new(),
            identifier_uris: Vec::new(),
            sign_in_audience: single_tenant(),
            is_fallback_public_client: None,
            group_membership_claims: None,
            api: Api::default(),
            app_roles: Vec::new(),
            required_resource_access: Vec::new(),
            web: Web::default(),
            spa: RedirectUriList::default(),
            public_client: RedirectUriList::default(),
            optional_claims: None,
            password_credentials: Vec::new(),
            key_credentials: Vec::new(),
            kept: BTreeMap::new(),
        };
        blank.complete()
    }

    /// With all properties, also those that were set to `null`.
    pub(crate) fn complete(mut self) -> Self {
        for name in KEPT {
            let value = if name == "tags" {
                json!([])
            } else {
                Value::Null
            };
            self.kept.entry(name.to_owned()).or_insert(value);
        }
        self
    }

    /// A property that the resource type does not have.
    pub(crate) fn unknown_property(
        properties: &Map<String, Value>,
        known: &Value,
    ) -> Option<String> {
        properties
            .keys()
            .find(|name| known.get(name.as_str()).is_none() && !KEPT.contains(&name.as_str()))
            .cloned()
    }

    pub(crate) fn is_multi_tenant(&self) -> bool {
        self.sign_in_audience != single_tenant()
    }

    /// The values of the enabled scopes with these ids.
    pub(crate) fn scopes_with(&self, ids: impl Iterator<Item = Uuid>) -> BTreeSet<String> {
        let ids: BTreeSet<Uuid> = ids.collect();
        let scopes = self.api.oauth2_permission_scopes.iter();
        scopes
            .filter(|scope| scope.is_enabled && ids.contains(&scope.id))
            .map(|scope| scope.value.clone())
            .collect()
    }

    /// All redirect URIs and the logout URL.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.redirect_uris()
            .chain(&self.web.logout_url)
            .map(String::as_str)
    }

    /// The redirect URIs of all platforms.
    pub(crate) fn redirect_uris(&self) -> impl Iterator<Item = &String> {
        let spa = &self.spa.redirect_uris;
        let native = &self.public_client.redirect_uris;
        self.web.redirect_uris.iter().chain(spa).chain(native)
    }

    /// The names and ids of its app roles and scopes, and whether each is enabled.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = (&str, Uuid, bool)> {
        let roles = self
            .app_roles
            .iter()
            .map(|role| (role.name(), role.id, role.is_enabled));
        let scopes = self
            .api
            .oauth2_permission_scopes
            .iter()
            .map(|scope| (scope.value.as_str(), scope.id, scope.is_enabled));
        roles.chain(scopes)
    }

    /// The values of its enabled scopes.
    pub(crate) fn enabled_scopes(&self) -> BTreeSet<&str> {
        let scopes = self.api.oauth2_permission_scopes.iter();
        scopes
            .filter(|scope| scope.is_enabled)
            .map(|scope| scope.value.as_str())
            .collect()
    }
}

fn single_tenant() -> String {
    "AzureADMyOrg".to_owned()
}
