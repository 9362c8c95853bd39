//! Tokens, good and bad, and an issuer of both: what is presented to the verifier, to the gate, to
//! a service and to an independent judge.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "it is made for tests, which may fail by panicking"
)]

pub mod attacks;
mod combinations;
pub mod issuer;
pub mod kinds;
pub mod matrix;
