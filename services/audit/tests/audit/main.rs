//! Tests of the service behind its real guard, and of the program with real arguments.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod drain;
mod identity;
mod other_issuer;
mod program;
mod renamed_settings;
mod start;
mod verify;
