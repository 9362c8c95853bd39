//! Fixtures that the tests of all services share.
//!
//! ```text
//! on_both! ─▶ Place    an empty database of each kind
//! request  ─▶ answer   through a router, without a network
//! Trusted              an issuer and an authz server that a service trusts
//! log                  the log of a running program, and signals to it
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
