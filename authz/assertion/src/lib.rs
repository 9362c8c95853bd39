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
//!
//! # Items by task
//!
//! | to | use |
//! |---|---|
//! | describe a caller and a request | [`Assertion`], [`AssertedRequest`] |
//! | sign with a key pair and publish its public keys | [`Signer`], [`PublishedKeys`] |
//! | sign and verify with a key that an upstream shares | [`MacKeys`] |
//! | verify | [`verify`](fn@verify), [`Presented`], [`Expected`]; an error is [`AssertionDenied`] |
//! | sign for callers whose members were encoded before | [`Statement`], [`BoundRequest`], [`own_members`], [`shared_members`] |
//!
//! # Example
//!
//! `examples/sign_and_verify.rs` also shows assertions that are denied.
//!
//! ```
//! use portcullis_assertion::{ALGORITHMS, AssertedRequest, Assertion, Expected, Signer, verify};
//! use portcullis_token::{Caller, CallerKind, KeySet, unix_now};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let assertion = Assertion {
//!     audience: "orders".to_owned(),
//!     caller: Caller {
//!         tenant: "https://id.example".to_owned(),
//!         object_id: "ada".to_owned(),
//!         kind: CallerKind::User,
//!         actor: None,
//!         name: None,
//!         email: None,
//!         roles: vec!["Reader".to_owned()],
//!         scopes: Vec::new(),
//!     },
//!     request: Some(AssertedRequest {
//!         id: "4bf92f3577b34da6".to_owned(),
//!         method: "GET".to_owned(),
//!         path: "/orders?page=2".to_owned(),
//!     }),
//!     issued_at: unix_now(),
//! };
//!
//! // The authz server signs, and publishes `key_set`.
//! let signer = Signer::generate()?;
//! let token = signer.sign(&assertion).ok_or("the system has no random numbers")?;
//! let published = signer.key_set();
//!
//! // The backend `orders` verifies the assertion for the request that it received.
//! let keys = KeySet::parse(published.as_bytes(), ALGORITHMS)?;
//! let request = Expected {
//!     audience: "orders",
//!     method: "GET",
//!     path: "/orders?page=2",
//!     accept_unbound: false,
//!     now: unix_now(),
//! };
//! assert_eq!(verify(&token, &keys, request)?, assertion);
//!
//! let other = Expected { path: "/orders", ..request };
//! let denied = verify(&token, &keys, other).unwrap_err();
//! assert_eq!(denied.code(), "assertion_for_other_request");
//! # Ok(())
//! # }
//! ```

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
