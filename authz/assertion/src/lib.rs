//! The signed identity that a backend can verify: proof that this very request came through the gate.
//!
//! ```text
//! gate:    Assertion ─ Signer (ES256) ─▶ X-Portcullis-Assertion, public keys as JWKS
//! backend: X-Portcullis-Assertion + keys + what it was asked ─ verify ─▶ Assertion
//! ```
//!
//! An assertion is a compact JWS that lives for a minute and is good for one upstream, one method and one path, so that
//! a copy of it opens nothing else.

mod assertion;
mod caller_members;
mod signer;
mod verify;

pub use assertion::{AssertedRequest, Assertion, BoundRequest, HEADER, ISSUER, LIFETIME, Statement};
pub use caller_members::{own_members, shared_members};
pub use signer::{Signer, SigningKeyError};
pub use verify::{AssertionRefusal, Expected, verify};

/// What assertions are signed with. P-256 is in the standard library of every language that a backend is likely to be written in.
pub const ALGORITHMS: &[portcullis_token::Algorithm] = &[portcullis_token::Algorithm::Es256];
