//! The conformance runner against two gateways: the one that ships, and a bare Envoy that shows
//! what the runner finds.

mod bare;
mod shipped;
mod tokens;

pub use bare::bare_envoy;
pub use shipped::{PUBLIC, shipped_envoy};
pub use tokens::{PROTECTED, Tokens};
