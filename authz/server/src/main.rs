//! The program `portcullis`.

use std::process::ExitCode;

use portcullis_server::{Command, CommandLine, check, serve, test};

/// Half the cost of the C library's for the short-lived allocations of a check, and less memory between many small entries of a cache.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match portcullis_runtime::parse("portcullis") {
        Ok(CommandLine { command: Command::Serve(settings) }) => {
            let common = settings.common.clone();
            portcullis_runtime::run_with("portcullis", common, |process, metrics| serve(settings, process, metrics))
        }
        Ok(CommandLine { command: Command::Check(arguments) }) => check(&arguments),
        Ok(CommandLine { command: Command::Test(arguments) }) => test(&arguments),
        Err(code) => code,
    }
}
