//! What the tests of all services need, so that each says only what is its own.
//!
//! ```text
//! on_both! ─▶ Place    an empty database of each kind
//! request  ─▶ answer   through a router, without a network
//! Trusted              an issuer and a gate that a service believes
//! log                  what a program that runs says and is told
//! ```
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

pub mod log;
mod place;
mod request;
mod trusted;

pub use place::Place;
pub use portcullis_database::Backend;
pub use request::{Answer, answer, request};
pub use trusted::{CONTOSO, Trusted};
