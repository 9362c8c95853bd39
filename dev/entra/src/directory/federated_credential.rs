use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// Tokens of another issuer that an application accepts in place of its secret.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FederatedCredential {
    /// A name for errors.
    pub(crate) name: String,
    /// The exact `iss`: a trailing slash and capital letters count.
    pub(crate) issuer: String,
    /// The exact `sub`, such as `system:serviceaccount:portcullis:task-api`.
    pub(crate) subject: String,
    #[serde(default = "token_exchange")]
    /// The exact `aud`.
    pub(crate) audience: String,
    /// A file with the issuer's key set. It is read for each assertion, so that a rotation needs
    /// no restart.
    pub(crate) keys_file: Option<PathBuf>,
    /// The URL of the issuer's key set. Without this and the file it comes from the issuer's
    /// metadata.
    #[schemars(with = "Option<String>", extend("format" = "uri"))]
    pub(crate) keys_url: Option<Url>,
}

/// The audience that Entra recommends and the workload identity webhook requests.
fn token_exchange() -> String {
    "api://AzureADTokenExchange".to_owned()
}
