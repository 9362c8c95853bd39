//! Assertions of the authz server: which a guard accepts, their keys, and their verification.

mod keys;
mod mac_key_file;
mod replay;
mod trust;
mod verifier;

pub use trust::AssertionTrust;
pub(crate) use verifier::{AssertionVerifier, Denied};
