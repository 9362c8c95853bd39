//! What every source of keys has in common: fetching brings keys or an error.

use reqwest::StatusCode;
use url::Url;

use super::key_set::{KeySet, KeySetError};
use crate::connection_failure::connection_failure;
use crate::jws::Algorithm;

/// The largest document that is read, in bytes. Entra's metadata has 2 KiB and its key sets 20 KiB.
pub(super) const MAX_DOCUMENT: usize = 512 * 1024;

/// A source of signing keys.
pub trait KeySource: Send + Sync + 'static {
    /// The name of the source in messages, usually a URL. Its hash names the file of stored keys.
    fn name(&self) -> String;

    /// The algorithms that the keys may be for.
    fn algorithms(&self) -> &[Algorithm];

    /// Fetches the keys that are published now.
    fn fetch(&self) -> impl Future<Output = Result<FetchedKeys, FetchError>> + Send;
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

/// Why a fetch failed. The message names the URL, so that an operator can check it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No response, or no verified TLS.
    #[error("{url}: {}", connection_failure(.cause))]
    Unreachable {
        /// The document.
        url: Url,
        /// The cause.
        cause: reqwest::Error,
    },
    /// A host name that DNS does not know, or a lookup without a response.
    #[error("{url}: the host cannot be found: {problem}")]
    Unresolved {
        /// The document.
        url: Url,
        /// The cause.
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
        /// The error in the document.
        problem: String,
    },
    /// A file that cannot be read.
    #[error("{file}: {cause}")]
    File {
        /// The file.
        file: String,
        /// The cause.
        cause: std::io::Error,
    },
    /// Not a key set, or one without a usable key.
    #[error("{document}: {error}")]
    Keys {
        /// The document.
        document: String,
        /// The error in the document.
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
