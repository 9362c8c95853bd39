use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A delegated permission ("permissionScope resource type").
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PermissionScope {
    pub(crate) id: Uuid,
    #[serde(default)]
    pub(crate) admin_consent_description: Option<String>,
    #[serde(default)]
    pub(crate) admin_consent_display_name: Option<String>,
    #[serde(default)]
    pub(crate) user_consent_description: Option<String>,
    #[serde(default)]
    pub(crate) user_consent_display_name: Option<String>,
    #[serde(default = "yes")]
    pub(crate) is_enabled: bool,
    #[serde(default)]
    pub(crate) r#type: ConsentNeeded,
    pub(crate) value: String,
}

/// Who may consent to a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConsentNeeded {
    #[default]
    User,
    Admin,
}

/// An app role ("appRole resource type").
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppRole {
    pub(crate) id: Uuid,
    pub(crate) allowed_member_types: Vec<AllowedMemberType>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) display_name: Option<String>,
    #[serde(default = "yes")]
    pub(crate) is_enabled: bool,
    #[serde(default = "of_application")]
    pub(crate) origin: String,
    pub(crate) value: Option<String>,
}

/// The principals that an app role allows. Groups count as users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AllowedMemberType {
    User,
    Application,
}

/// A client whose scopes need no consent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreAuthorizedApplication {
    pub(crate) app_id: Uuid,
    /// Ids of scopes; an older name is `permissionIds`.
    #[serde(alias = "permissionIds")]
    pub(crate) delegated_permission_ids: Vec<Uuid>,
}

impl AppRole {
    /// The value of `roles` in tokens.
    pub(crate) fn name(&self) -> &str {
        self.value.as_deref().unwrap_or_default()
    }
}

impl PermissionScope {
    pub(crate) fn new(id: Uuid, value: String, r#type: ConsentNeeded) -> Self {
        Self {
            id,
            admin_consent_description: Some(value.clone()),
            admin_consent_display_name: Some(value.clone()),
            user_consent_description: None,
            user_consent_display_name: None,
            is_enabled: true,
            r#type,
            value,
        }
    }

    pub(crate) fn needs_admin(&self) -> bool {
        self.r#type == ConsentNeeded::Admin
    }
}

fn yes() -> bool {
    true
}

fn of_application() -> String {
    "Application".to_owned()
}
