//! The service with a real issuer and a real authz server before it, and the program as it runs:
//! real arguments, an end by exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod drain;
mod identity;
mod program;
mod start;
mod verify;
