//! The commands of `portcullis`, which use the server's own code.
//!
//! They need a network only for `check --in-force-at` and `explain --check-signature`.
//!
//! ```text
//! command line ─▶ serve                          portcullis_server
//!              ├▶ check, test, explain           policies, with the server's code
//!              ├▶ lint                           Envoy's configuration
//!              └▶ schema, completions, reference the program's own interface
//! ```

mod command_line;
pub mod commands;
mod manual;

pub use command_line::{Command, CommandLine};
