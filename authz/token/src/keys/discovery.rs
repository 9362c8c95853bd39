use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::document::get;
use super::source::FetchError;

/// A discovery document (OpenID Connect Discovery 1.0 §4).
#[derive(Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    pub(super) jwks_uri: Url,
    /// Of any type, because other providers may use the name for something else.
    #[serde(default)]
    cloud_instance_name: Value,
}

impl Discovery {
    /// The issuer, and the cloud if the document names one.
    pub(super) fn names(&self) -> (Option<String>, Option<String>) {
        let cloud = self
            .cloud_instance_name
            .as_str()
            .filter(|name| !name.trim().is_empty());
        (Some(self.issuer.clone()), cloud.map(str::to_owned))
    }
}

/// Fetches a discovery document. Its keys must be at an https URL, of the same origin unless
/// `keys_elsewhere` is set (cf. Istio CVE-2026-41413).
pub(super) async fn discovery(
    http: &Client,
    url: &Url,
    keys_elsewhere: bool,
) -> Result<Discovery, FetchError> {
    let body = get(http, url).await?;
    let wrong = |problem: String| FetchError::Discovery {
        url: url.clone(),
        problem,
    };
    let document: Discovery = serde_json::from_slice(&body)
        .map_err(|_| wrong("is not a discovery document with issuer and jwks_uri".into()))?;
    if document.jwks_uri.scheme() != "https" {
        return Err(wrong(format!(
            "its jwks_uri {} is not https",
            document.jwks_uri
        )));
    }
    if !keys_elsewhere && document.jwks_uri.origin() != url.origin() {
        return Err(wrong(format!(
            "its jwks_uri leads to another origin, {}",
            document.jwks_uri.origin().ascii_serialization()
        )));
    }
    Ok(document)
}
