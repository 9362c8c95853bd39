//! Against the imitation of Entra ID over TLS: every proof, both grants, and what changes while a
//! service runs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

mod obstacles;
mod proofs;
mod tenant;
