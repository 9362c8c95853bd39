use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

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
