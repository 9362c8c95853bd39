//! The audit program: settings from flags and environment, then the service until SIGTERM, or one of its commands.

use std::process::ExitCode;

use audit::{Command, CommandLine, run_openapi, run_verify};

fn main() -> ExitCode {
    match portcullis_runtime::parse("audit") {
        Ok(CommandLine { command: Some(Command::Verify(arguments)), .. }) => run_verify(&arguments),
        Ok(CommandLine { command: Some(Command::Openapi), .. }) => run_openapi(),
        Ok(CommandLine { command: None, serve: Some(settings) }) => {
            let common = settings.common.clone();
            portcullis_runtime::run_with("audit", common, |process, metrics| audit::serve(settings, process, metrics))
        }
        // Without a command clap demands the settings that have no default.
        Ok(CommandLine { command: None, serve: None }) => ExitCode::from(64),
        Err(code) => code,
    }
}
