use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// Tokens of another issuer that stand for an application's secret, as a workload identity's do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FederatedCredential {
    pub(crate) name: String,
    /// `iss`, exactly: a trailing slash and capital letters count.
    pub(crate) issuer: String,
    /// `sub`, exactly, such as `system:serviceaccount:portcullis:task-api`.
    pub(crate) subject: String,
    #[serde(default = "token_exchange")]
    pub(crate) audience: String,
    /// A file of the issuer's key set, read for each assertion, so that a rotation needs no
    /// restart.
    pub(crate) keys_file: Option<PathBuf>,
    /// Where the issuer publishes its key set. Without this and the file, the issuer's metadata
    /// says.
    pub(crate) keys_url: Option<Url>,
}

/// The audience that Entra recommends and the workload identity webhook asks for.
fn token_exchange() -> String {
    "api://AzureADTokenExchange".to_owned()
}
