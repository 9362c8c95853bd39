//! The audit program: settings from flags and environment, then the service until SIGTERM, or one of its commands.

use std::process::ExitCode;

use audit::{Command, CommandLine, Settings, run_openapi, run_verify};

fn main() -> ExitCode {
    if !CommandLine::is_asked_for() {
        return portcullis_runtime::run::<Settings, _, _>("audit", audit::serve);
    }
    match portcullis_runtime::parse("audit") {
        Ok(CommandLine { command: Command::Verify(arguments) }) => run_verify(&arguments),
        Ok(CommandLine { command: Command::Openapi }) => run_openapi(),
        Err(code) => code,
    }
}
