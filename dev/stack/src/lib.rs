//! The whole system on one machine: dev-entra, the authz server, the three services and the real
//! Envoy, each a process of its own.
//!
//! ```text
//! Stack::start ─ Layout (binaries, ports, state) ─▶ Program × 6 ─▶ ready
//! outcomes ─ HTTP through Envoy, Taps between Envoy and the services ─▶ rows: tried, expected, got
//! ```
//!
//! The demo prints the rows and the tests assert them, so that both show the same behaviour.

#![allow(
    clippy::indexing_slicing,
    reason = "indexing a serde_json value by name gives null for a missing member"
)]

mod answer;
mod asserted;
mod binaries;
mod caller;
mod checks;
pub mod directory;
mod edits;
mod envoy;
mod gateway_only;
mod identity_provider;
mod keys;
mod layout;
pub mod outcomes;
mod ports;
mod ports_of_programs;
mod program;
mod programs;
mod redis_server;
mod service;
mod service_tokens;
mod stack;
mod stack_options;
mod tap;

pub use answer::Answer;
pub use asserted::assertion_of_an_admin;
pub use binaries::{envoy as envoy_program, path as program};
pub use edits::{Edit, GatewayFiles, Part};
pub use gateway_only::{GatewayOnly, GatewayPorts};
pub use identity_provider::IdentityProvider;
pub use keys::{assertion_key, mac_key};
pub use outcomes::Row;
pub use ports::PortChoice;
pub use ports_of_programs::{ProgramPort, Speaks};
pub use program::{Program, ProgramSpec};
pub use redis_server::{RedisServer, TlsFiles};
pub use service::Service;
pub use service_tokens::ServiceTokens;
pub use stack::Stack;
pub use stack_options::{EnvoyFiles, StackOptions, without_rate_limits};
