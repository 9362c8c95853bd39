//! Signing keys: parsed, fetched, cached and stored.
//!
//! ```text
//! PublishedKeys, PolledKeySet ─ fetch ─▶ KeyCache ─ kid ─▶ VerificationKey ─▶ verified signature
//!                                       │      ▲
//!                                       └──────┴─ KeyStore: the last good keys on disk
//! ```

mod cache;
mod discovery;
mod document;
mod error_description;
mod jwk;
mod key_set;
mod location;
mod polled;
mod published;
mod refresh_policy;
mod source;
mod sources;
mod store;
#[cfg(test)]
mod wycheproof_tests;

pub use cache::{KeyCache, KeyStatus};
pub use jwk::{InvalidKey, VerificationKey};
pub use key_set::{KeySet, KeySetError};
pub use location::KeyLocation;
pub use polled::PolledKeySet;
pub use published::PublishedKeys;
pub use refresh_policy::KeyPolicy;
pub use source::{FetchError, FetchedKeys, KeySource};
pub use sources::KeySources;
pub(crate) use sources::SourceId;
pub use store::{InvalidKeyStore, KeyStore, check_owner};
