use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use url::Url;

use crate::algorithm::Algorithm;
use crate::connection_failure::connection_failure;
use crate::key_cache::KeySource;
use crate::key_set::{KeySet, KeySetError};
use crate::refusal_text::refusal_text;

/// The largest document that is read, in bytes. Entra's metadata has 2 KiB and its key sets 20 KiB.
const MAX_DOCUMENT: usize = 512 * 1024;

/// The location of an issuer's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// A discovery document (OpenID Connect Discovery 1.0 §4) that names issuer and keys.
    Discovery {
        /// The document.
        url: Url,
        /// Whether the keys may have another origin, as Google's have.
        keys_elsewhere: bool,
    },
    /// The key set itself.
    KeySet(Url),
    /// A key set in a file, polled every few seconds.
    File(PathBuf),
    /// A key set that never changes.
    Inline(Arc<str>),
}

/// The keys that a fetch brought, with the names in their metadata.
#[derive(Clone, Debug)]
pub struct FetchedKeys {
    /// The issuer that the discovery document names.
    pub issuer: Option<String>,
    /// The cloud that the discovery document names: Entra's `cloud_instance_name`.
    pub cloud_instance: Option<String>,
    /// The keys.
    pub keys: KeySet,
}

impl FetchedKeys {
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.cloud_instance == other.cloud_instance
            && self.keys.same_as(&other.keys)
    }
}

/// Why a fetch brought no keys. The message names the URL, which a person can check.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No response, or no verified TLS.
    #[error("{url}: {}", connection_failure(.cause))]
    Unreachable {
        /// The document.
        url: Url,
        /// What went wrong.
        cause: reqwest::Error,
    },
    /// A host name that DNS does not know, or a lookup without a response.
    #[error("{url}: the host cannot be found: {problem}")]
    Unresolved {
        /// The document.
        url: Url,
        /// What went wrong.
        problem: String,
    },
    /// A status other than 200. A redirect is an error too: if a document moves, its new URL must
    /// be configured.
    #[error(
        "{url}: answered {status}{}",
        .text.as_ref().map_or_else(String::new, |text| format!(": {text}"))
    )]
    Status {
        /// The document.
        url: Url,
        /// The status of the response.
        status: StatusCode,
        /// Entra's description of the error.
        text: Option<String>,
    },
    /// A document that is too large.
    #[error("{url}: is larger than {MAX_DOCUMENT} bytes")]
    TooLarge {
        /// The document.
        url: Url,
    },
    /// Not a discovery document, or one with another issuer, tenant or origin of keys.
    #[error("{url}: {problem}")]
    Discovery {
        /// The document.
        url: Url,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that cannot be read.
    #[error("{file}: {cause}")]
    File {
        /// The file.
        file: String,
        /// What went wrong.
        cause: std::io::Error,
    },
    /// Not a key set, or one without a usable key.
    #[error("{document}: {error}")]
    Keys {
        /// The document.
        document: String,
        /// What is wrong with it.
        error: KeySetError,
    },
}

impl FetchError {
    /// Returns whether the issuer has answered that it publishes no usable keys here.
    ///
    /// A deleted tenant (400) and a missing document (404) are such answers, so a start waits for
    /// neither. An issuer that is overloaded or cannot be reached has not answered: 408, 425, 429
    /// and 5xx mean "later" (RFC 9110 §15, RFC 6585 §4).
    pub(crate) fn is_answer(&self) -> bool {
        const LATER: [StatusCode; 3] = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        match self {
            Self::Status { status, .. } => !status.is_server_error() && !LATER.contains(status),
            Self::Discovery { .. } | Self::Keys { .. } => true,
            Self::Unreachable { .. }
            | Self::Unresolved { .. }
            | Self::TooLarge { .. }
            | Self::File { .. } => false,
        }
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
    /// Of any type, because other providers may use the name for something else.
    #[serde(default)]
    cloud_instance_name: Value,
}

impl Discovery {
    /// The issuer, and the cloud if the document names one.
    fn names(&self) -> (Option<String>, Option<String>) {
        let cloud = self
            .cloud_instance_name
            .as_str()
            .filter(|name| !name.trim().is_empty());
        (Some(self.issuer.clone()), cloud.map(str::to_owned))
    }
}

/// The keys at the location where their issuer publishes them. The client decides on TLS, timeouts
/// and proxies, and must not follow redirects.
#[derive(Clone, Debug)]
pub struct PublishedKeys {
    /// The client for all requests.
    pub http: Client,
    /// Where the keys are.
    pub location: KeyLocation,
    /// The algorithms that the keys may be for.
    pub algorithms: Vec<Algorithm>,
}

impl KeySource for PublishedKeys {
    fn name(&self) -> String {
        match &self.location {
            KeyLocation::Discovery { url, .. } | KeyLocation::KeySet(url) => url.to_string(),
            KeyLocation::File(file) => file.display().to_string(),
            KeyLocation::Inline(_) => "inline keys".to_owned(),
        }
    }

    fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let (metadata, document, body) = match &self.location {
            KeyLocation::KeySet(url) => (None, url.to_string(), get(&self.http, url).await?),
            KeyLocation::Discovery {
                url,
                keys_elsewhere,
            } => {
                let metadata = discovery(&self.http, url, *keys_elsewhere).await?;
                let body = get(&self.http, &metadata.jwks_uri).await?;
                (Some(metadata.names()), metadata.jwks_uri.to_string(), body)
            }
            KeyLocation::File(path) => (None, self.name(), read(path).await?),
            KeyLocation::Inline(keys) => (None, self.name(), keys.as_bytes().to_vec()),
        };
        let keys = KeySet::parse(&body, &self.algorithms)
            .map_err(|error| FetchError::Keys { document, error })?;
        let (issuer, cloud_instance) = metadata.unwrap_or_default();
        Ok(FetchedKeys {
            issuer,
            cloud_instance,
            keys,
        })
    }
}

/// Fetches a discovery document. Its keys must be at an https URL, of the same origin unless
/// `keys_elsewhere` is set (cf. Istio CVE-2026-41413).
async fn discovery(
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

async fn get(http: &Client, url: &Url) -> Result<Vec<u8>, FetchError> {
    let response = send(http.get(url.clone()), url).await?;
    if response.status() == StatusCode::OK {
        body(response, url).await
    } else {
        Err(status_error(response, url).await)
    }
}

/// The error for a response with a status other than 200.
pub(crate) async fn status_error(response: Response, url: &Url) -> FetchError {
    let status = response.status();
    let text = body(response, url)
        .await
        .ok()
        .and_then(|body| refusal_text(&body));
    FetchError::Status {
        url: url.clone(),
        status,
        text,
    }
}

pub(crate) async fn send(request: RequestBuilder, url: &Url) -> Result<Response, FetchError> {
    request
        .send()
        .await
        .map_err(|cause| FetchError::Unreachable {
            url: url.clone(),
            cause,
        })
}

/// Reads the body of a response from `url`, up to `MAX_DOCUMENT` bytes.
pub(crate) async fn body(mut response: Response, url: &Url) -> Result<Vec<u8>, FetchError> {
    let unreachable = |cause| FetchError::Unreachable {
        url: url.clone(),
        cause,
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_DOCUMENT {
            return Err(FetchError::TooLarge { url: url.clone() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn read(path: &Path) -> Result<Vec<u8>, FetchError> {
    let failed = |cause| FetchError::File {
        file: path.display().to_string(),
        cause,
    };
    let mut body = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    // A larger file is cut one byte beyond the limit, and the parser rejects it.
    file.take(MAX_DOCUMENT as u64 + 1)
        .read_to_end(&mut body)
        .await
        .map_err(failed)?;
    Ok(body)
}
