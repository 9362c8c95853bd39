//! Exit codes, standard output and its format.

use std::io::{Write, stdout};

/// Exit code if no command was given: the program printed its usage.
pub const EXIT_USAGE: u8 = 2;
/// Exit code if settings or documents are invalid (`EX_USAGE` of sysexits.h).
pub const EXIT_INVALID: u8 = 64;

/// Output format of the results of a command.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum OutputFormat {
    /// Lines, for people.
    Text,
    /// A JSON array of objects, for programs.
    Json,
}

/// Prints `text` on standard output. A closed pipe (`| head`) does not change the exit code.
pub fn print(text: &str) {
    let _written = stdout().write_all(text.as_bytes());
}
