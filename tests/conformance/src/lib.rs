//! Gateways for tests of the conformance runner.
//!
//! One is the shipped gateway. The other is a bare Envoy, which shows what the runner finds.

mod bare;
mod protected;
mod shipped;

pub use bare::bare_envoy;
pub use protected::PROTECTED;
pub use shipped::{PUBLIC, shipped_envoy};
