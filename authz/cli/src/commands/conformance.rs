//! `portcullis conformance` and `conformance-echo`: former names of the commands of the program
//! `portcullis-conformance`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use portcullis_runtime::EXIT_INVALID;

const PROGRAM: &str = "portcullis-conformance";

/// Arguments passed on to `portcullis-conformance`.
#[derive(Clone, Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct MovedArguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Replaces this process with `portcullis-conformance COMMAND` and the same arguments. It runs the
/// program beside this one if there is one, else the one in `PATH`.
#[must_use]
pub fn conformance(command: &str, moved: &MovedArguments) -> ExitCode {
    let beside = std::env::current_exe()
        .ok()
        .map(|program| program.with_file_name(PROGRAM));
    let program = beside
        .filter(|program| program.exists())
        .unwrap_or_else(|| PROGRAM.into());
    let error = Command::new(&program)
        .arg(command)
        .args(&moved.arguments)
        .exec();
    eprintln!(
        "portcullis: {} cannot be run: {error}; this command is now `{PROGRAM} {command}`; \
         install that program beside this one or in PATH",
        program.display()
    );
    ExitCode::from(EXIT_INVALID)
}
