//! The keys of an issuer that an application trusts. They are fetched for each assertion, so that
//! a key that its issuer has just rotated works at once. Speed does not matter here.

use std::path::Path;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_token::connection_failure;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::directory::FederatedCredential;
use crate::oauth_error::OAuthError;

/// A key set of RFC 7517. Only its RSA keys are used.
#[derive(Deserialize)]
pub(super) struct IssuerKeys {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

/// The used metadata of OpenID Connect Discovery 1.0 §3.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Url,
}

impl IssuerKeys {
    pub(super) async fn obtain(
        http: &reqwest::Client,
        folder: &Path,
        credential: &FederatedCredential,
    ) -> Result<Self, OAuthError> {
        if let Some(file) = &credential.keys_file {
            let path = folder.join(file);
            let text = tokio::fs::read(&path)
                .await
                .map_err(|error| unavailable(&path.display().to_string(), &error))?;
            return serde_json::from_slice(&text)
                .map_err(|error| unavailable(&path.display().to_string(), &error));
        }
        let url = match &credential.keys_url {
            Some(url) => url.clone(),
            None => published(http, &credential.issuer).await?,
        };
        get(http, url).await
    }

    pub(super) fn named(&self, kid: &str) -> Option<&Jwk> {
        self.keys
            .iter()
            .find(|key| key.kty == "RSA" && key.kid == kid)
    }
}

impl Jwk {
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(n), Ok(e)) = (
            URL_SAFE_NO_PAD.decode(&self.n),
            URL_SAFE_NO_PAD.decode(&self.e),
        ) else {
            return false;
        };
        PublicKeyComponents { n, e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }
}

/// The URL of the keys according to the issuer's metadata.
async fn published(http: &reqwest::Client, issuer: &str) -> Result<Url, OAuthError> {
    let url = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let url = Url::parse(&url).map_err(|error| unavailable(&url, &error))?;
    let metadata: Metadata = get(http, url.clone()).await?;
    if metadata.issuer == issuer {
        Ok(metadata.jwks_uri)
    } else {
        Err(unavailable(
            url.as_str(),
            &"its issuer is another than the credential's",
        ))
    }
}

async fn get<T: DeserializeOwned>(http: &reqwest::Client, url: Url) -> Result<T, OAuthError> {
    let answer = async {
        http.get(url.clone())
            .send()
            .await?
            .error_for_status()?
            .json()
            .await
    };
    let cause = |error: &reqwest::Error| match (error.status(), error.is_decode()) {
        (Some(status), _) => format!("answered {status}"),
        (None, true) => "is not the document that OpenID Connect Discovery describes".to_owned(),
        (None, false) => connection_failure(error),
    };
    answer
        .await
        .map_err(|error: reqwest::Error| unavailable(url.as_str(), &cause(&error)))
}

fn unavailable(place: &str, cause: &dyn std::fmt::Display) -> OAuthError {
    tracing::warn!(place, %cause, "keys of an issuer of federated credentials are unavailable");
    OAuthError::IssuerKeysUnavailable
}
