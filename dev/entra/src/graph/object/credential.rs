use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::Secret;

/// A client secret as reads show it ("passwordCredential resource type").
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordCredential {
    pub(crate) custom_key_identifier: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) end_date_time: Option<String>,
    pub(crate) hint: Option<String>,
    pub(crate) key_id: Uuid,
    pub(crate) secret_text: Option<String>,
    pub(crate) start_date_time: Option<String>,
}

/// Tokens of another issuer that an application accepts ("federatedIdentityCredential").
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FederatedIdentityCredential {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// Exactly one.
    pub(crate) audiences: Vec<String>,
}

impl PasswordCredential {
    pub(crate) fn new(key_id: Uuid, secret: &Secret) -> Self {
        Self {
            custom_key_identifier: None,
            display_name: None,
            end_date_time: None,
            hint: Some(secret.hint()),
            key_id,
            secret_text: None,
            start_date_time: None,
        }
    }

    /// The only answer that has the secret itself: that of its creation.
    pub(crate) fn with_secret(&self, text: &str) -> Value {
        let mut shown = json!(self);
        if let Some(members) = shown.as_object_mut() {
            members.insert("secretText".to_owned(), text.into());
        }
        shown
    }
}
