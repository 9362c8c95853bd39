//! The task-api program: settings from flags and environment, then the service until SIGTERM.

use std::process::ExitCode;

use task_api::{Command, CommandLine, run_openapi};

fn main() -> ExitCode {
    match portcullis_runtime::parse("task-api") {
        Ok(CommandLine { command: Some(Command::Openapi), .. }) => run_openapi(),
        Ok(CommandLine { command: None, serve: Some(settings) }) => {
            let common = settings.common.clone();
            portcullis_runtime::run_with("task-api", common, |process, metrics| {
                task_api::serve(settings, process, metrics)
            })
        }
        // Without a command clap demands the settings that have no default.
        Ok(CommandLine { command: None, serve: None }) => ExitCode::from(64),
        Err(code) => code,
    }
}
