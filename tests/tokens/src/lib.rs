//! Good and bad tokens, and their issuer.
//!
//! Tests present the tokens to the verifier, the authz server, a service and an independent
//! verifier.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "this crate is for tests, which may fail by panicking"
)]

pub mod attacks;
mod combinations;
pub mod issuer;
pub mod kinds;
pub mod matrix;
