use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use url::Url;

use crate::algorithm::Algorithm;
use crate::key_cache::KeySource;
use crate::key_set::{KeySet, KeySetError};

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
    /// The keys.
    pub keys: KeySet,
}

impl FetchedKeys {
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.keys.same_as(&other.keys)
    }
}

/// Why keys could not be had. Names the URL, since that is what a person can check.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer, or no verified TLS.
    #[error("{url}: cannot be reached: {}", chain(.cause))]
    Unreachable {
        /// The document.
        url: Url,
        /// What went wrong.
        cause: reqwest::Error,
    },
    /// An answer other than 200. A redirect is one: a document that moved must be configured, not believed.
    #[error("{url}: answered {status}")]
    Status {
        /// The document.
        url: Url,
        /// The answer.
        status: StatusCode,
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

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
}

/// Keys where their issuer publishes them. The client decides on TLS, deadlines and proxies, and must not follow redirects.
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
        let (issuer, document, body) = match &self.location {
            KeyLocation::KeySet(url) => (None, url.to_string(), get(&self.http, url).await?),
            KeyLocation::Discovery { url, keys_elsewhere } => {
                let Discovery { issuer, jwks_uri } = discovery(&self.http, url, *keys_elsewhere).await?;
                (Some(issuer), jwks_uri.to_string(), get(&self.http, &jwks_uri).await?)
            }
            KeyLocation::File(path) => (None, self.name(), read(path).await?),
            KeyLocation::Inline(keys) => (None, self.name(), keys.as_bytes().to_vec()),
        };
        let keys = KeySet::parse(&body, &self.algorithms).map_err(|error| FetchError::Keys { document, error })?;
        Ok(FetchedKeys { issuer, keys })
    }
}

/// Keys come over verified TLS, and from where the metadata is unless the settings say otherwise (cf. Istio CVE-2026-41413).
async fn discovery(http: &Client, url: &Url, keys_elsewhere: bool) -> Result<Discovery, FetchError> {
    let body = get(http, url).await?;
    let wrong = |problem: String| FetchError::Discovery { url: url.clone(), problem };
    let document: Discovery = serde_json::from_slice(&body)
        .map_err(|_| wrong("is not a discovery document with issuer and jwks_uri".into()))?;
    if document.jwks_uri.scheme() != "https" {
        return Err(wrong(format!("its jwks_uri {} is not https", document.jwks_uri)));
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
    let unreachable = |cause| FetchError::Unreachable { url: url.clone(), cause };
    let mut response = http.get(url.clone()).send().await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status { url: url.clone(), status: response.status() });
    }
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
    let failed = |cause| FetchError::File { file: path.display().to_string(), cause };
    let mut body = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    // One byte more than a document may have makes the parser refuse what was cut.
    file.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut body).await.map_err(failed)?;
    Ok(body)
}

/// reqwest's own message repeats the URL and hides the cause ("connection refused", "invalid peer certificate").
fn chain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
