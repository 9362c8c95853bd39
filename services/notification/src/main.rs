//! The notification program: settings from flags and environment, then the service until SIGTERM.

use std::process::ExitCode;

use notification::{Command, CommandLine, Settings, run_openapi};

fn main() -> ExitCode {
    if !CommandLine::is_asked_for() {
        return portcullis_runtime::run::<Settings, _, _>("notification", notification::serve);
    }
    match portcullis_runtime::parse("notification") {
        Ok(CommandLine { command: Command::Openapi }) => run_openapi(),
        Err(code) => code,
    }
}
