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

/// Entra's metadata has 2 KiB and its key sets 20 KiB. A larger document is not read to its end.
const MAX_DOCUMENT: usize = 512 * 1024;

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// A discovery document (OpenID Connect Discovery 1.0 §4) that names issuer and keys.
    Discovery {
        /// The document.
        url: Url,
        /// Whether its keys may be on another host, as Google's are.
        keys_elsewhere: bool,
    },
    /// The key set itself.
    KeySet(Url),
    /// A key set in a file, which is read again every few seconds.
    File(PathBuf),
    /// A key set that never changes.
    Inline(Arc<str>),
}

/// What was published when it was fetched.
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

/// Why keys could not be had. Names the URL, since that is what a person can check.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer, or no verified TLS.
    #[error("{url}: {}", connection_failure(.cause))]
    Unreachable {
        /// The document.
        url: Url,
        /// What went wrong.
        cause: reqwest::Error,
    },
    /// A host whose name DNS does not know, or about which it does not answer.
    #[error("{url}: the host cannot be found: {problem}")]
    Unresolved {
        /// The document.
        url: Url,
        /// What went wrong.
        problem: String,
    },
    /// An answer other than 200. A redirect is one: a document that moved must be configured, not
    /// believed.
    #[error("{url}: answered {status}{}", .text.as_ref().map_or_else(String::new, |text| format!(": {text}")))]
    Status {
        /// The document.
        url: Url,
        /// The answer.
        status: StatusCode,
        /// Entra's sentence about it.
        text: Option<String>,
    },
    /// Larger than any such document.
    #[error("{url}: is larger than {MAX_DOCUMENT} bytes")]
    TooLarge {
        /// The document.
        url: Url,
    },
    /// Not a discovery document, or one that leads elsewhere.
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
    /// Returns whether the issuer answered, and its answer is that it publishes no usable keys
    /// here.
    ///
    /// A tenant that its owner has deleted is such an answer (400), and so is a document that does
    /// not exist (404). A start does not wait for either. An issuer that is overloaded or cannot be
    /// reached has given no answer: 408, 425, 429 and 5xx say "later" (RFC 9110 §15, RFC 6585 §4).
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
    /// Of any type: to providers other than Entra the name is free.
    #[serde(default)]
    cloud_instance_name: Value,
}

impl Discovery {
    /// The issuer, and the cloud if there is one.
    fn names(&self) -> (Option<String>, Option<String>) {
        let cloud = self
            .cloud_instance_name
            .as_str()
            .filter(|name| !name.trim().is_empty());
        (Some(self.issuer.clone()), cloud.map(str::to_owned))
    }
}

/// Keys where their issuer publishes them. The client decides on TLS, deadlines and proxies, and
/// must not follow redirects.
#[derive(Clone, Debug)]
pub struct PublishedKeys {
    /// What calls are made with.
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

/// Keys come over verified TLS, and from where the metadata is unless the settings say otherwise
/// (cf. Istio CVE-2026-41413).
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
        Err(refused(response, url).await)
    }
}

/// The error of an answer other than 200.
pub(crate) async fn refused(response: Response, url: &Url) -> FetchError {
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

/// The body of an answer of `url`, unless it is larger than any such document.
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
    // One byte more than a document may have makes the parser refuse what was cut.
    file.take(MAX_DOCUMENT as u64 + 1)
        .read_to_end(&mut body)
        .await
        .map_err(failed)?;
    Ok(body)
}
