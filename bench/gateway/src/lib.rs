//! Compares the gateway with other ways to authorize, in one session through one Envoy.
//!
//! ```text
//! load ──HTTP/1.1──▶ Envoy: one listener per case ──▶ upstream (this process)
//!                      │ Check, over TCP or a Unix socket
//!                      ▼
//!                    portcullis × n, a no-op server of the same gRPC library
//! ```
//!
//! Only one case has load at a time, so that the CPU time of Envoy and of its server is that
//! case's.

mod case;
mod cases;
mod command_line;
mod compare;
mod cpu;
mod envoy;
mod filters;
mod goals;
mod load;
mod measured;
mod no_op;
mod policies;
mod prove;
mod report;
mod requests;
mod response;
mod rounds;
mod servers;
mod session;
mod surroundings;
mod upstream;

pub use command_line::{Command, CommandLine, NoOpSettings, Settings};
pub use measured::{Figures, Measured, Session};
pub use no_op::serve as serve_no_op;
pub use report::print;
pub use session::run;
