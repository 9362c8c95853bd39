//! Tests of the program with real arguments, a real issuer, real databases and signals.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod client;
mod drain;
mod identity;
mod kill;
mod program;
mod receivers;
