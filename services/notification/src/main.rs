//! The notification program: settings from flags and environment, then the service until SIGTERM.

use std::process::ExitCode;

use notification::{Command, CommandLine, run_openapi};

fn main() -> ExitCode {
    match portcullis_runtime::parse("notification") {
        Ok(CommandLine { command: Some(Command::Openapi), .. }) => run_openapi(),
        Ok(CommandLine { command: None, serve: Some(settings) }) => {
            let common = settings.common.clone();
            portcullis_runtime::run_with("notification", common, |process, metrics| {
                notification::serve(settings, process, metrics)
            })
        }
        // Without a command clap demands the settings that have no default.
        Ok(CommandLine { command: None, serve: None }) => ExitCode::from(64),
        Err(code) => code,
    }
}
