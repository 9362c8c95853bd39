//! Tests against `dev-entra` over TLS: every credential, both grants, and rotations.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

mod obstacles;
mod proofs;
mod tenant;
