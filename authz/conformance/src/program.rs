//! Command line and commands of `portcullis-conformance`.

mod command_line;
mod echo;
mod manual;
mod progress;
mod run;

use std::process::ExitCode;

use portcullis_runtime::EXIT_INVALID;

pub(crate) use command_line::{Command, CommandLine, reference};
pub(crate) use echo::echo;
pub(crate) use run::run;

fn unusable(error: &anyhow::Error) -> ExitCode {
    eprintln!("portcullis-conformance: {error:#}");
    ExitCode::from(EXIT_INVALID)
}
