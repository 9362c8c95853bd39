//! The signed identity of a caller, by which a backend verifies that the authz server admitted the
//! request.
//!
//! ```text
//! authz server: Assertion ─ Signer (ES256) ──▶ X-Portcullis-Assertion, public keys as JWKS
//!                         └ MacKeys (HS256) ─▶ X-Portcullis-Assertion, for one upstream
//! backend:      X-Portcullis-Assertion + keys + its request ─ verify ─▶ Assertion
//! ```
//!
//! An assertion is a compact JWS that lives for a minute and is good for one upstream, one method
//! and one path, so that a copy of it is of no use for other requests.

mod assertion;
mod caller_members;
mod jws;
mod mac_keys;
mod published_keys;
mod signer;
mod verify;

pub use assertion::{
    AssertedRequest, Assertion, BoundRequest, HEADER, ISSUER, LIFETIME, Statement,
};
pub use caller_members::{own_members, shared_members};
pub use mac_keys::{MAX_MAC_KEY_FILE, MacKeyError, MacKeys};
pub use published_keys::PublishedKeys;
pub use signer::{Signer, SigningKeyError};
pub use verify::{AssertionDenied, Expected, Presented, verify};

/// The algorithms of assertions with public keys. P-256 is in the standard library of every
/// language that backends are likely to use.
pub const ALGORITHMS: &[portcullis_token::Algorithm] = &[portcullis_token::Algorithm::Es256];
