//! Fixtures that the tests of all services share.
//!
//! ```text
//! on_both! ─▶ Place    an empty database of each kind
//! request  ─▶ answer   through a router, without a network
//! TestService          both, for callers that the test names
//! PublicRoutes         the routes that need no caller
//! GuardedService       a service behind its guard, with what it trusts
//! Trusted              an issuer and an authz server that a service trusts
//! settings             the settings of a program
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

mod guarded_service;
mod invalid;
pub mod log;
mod place;
mod public_routes;
mod request;
pub mod settings;
mod test_service;
mod trusted;

pub use guarded_service::{Audience, GuardedService, Ids};
pub use invalid::{InvalidMember, InvalidParameter};
pub use place::Place;
pub use portcullis_database::Backend;
pub use public_routes::PublicRoutes;
pub use request::{Answer, answer, assert_recent, request};
pub use test_service::TestService;
pub use trusted::{CONTOSO, Trusted, client_of};
