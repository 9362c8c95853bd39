//! The program as it runs: real arguments, a real issuer, an end by exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod drain;
mod program;
mod start;
mod verify;
