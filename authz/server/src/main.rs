//! The program `portcullis`.

use std::process::ExitCode;

use portcullis_server::{Command, CommandLine, check, lint, serve};

fn main() -> ExitCode {
    match portcullis_runtime::parse("portcullis") {
        Ok(CommandLine { command: Command::Serve(settings) }) => {
            let common = settings.common.clone();
            portcullis_runtime::run_with("portcullis", common, |process, metrics| serve(settings, process, metrics))
        }
        Ok(CommandLine { command: Command::Check(arguments) }) => check(&arguments),
        Ok(CommandLine { command: Command::Lint(arguments) }) => lint(&arguments),
        Err(code) => code,
    }
}
