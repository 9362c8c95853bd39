//! The audit program: serves until SIGTERM, or runs one of its commands.

use std::process::ExitCode;

use audit::{Command, CommandLine, Settings, run_verify};

/// The C library's allocator makes a list of tasks an eighth slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if !CommandLine::is_asked_for() {
        return portcullis_runtime::run::<Settings, _, _>("audit", audit::serve);
    }
    match portcullis_runtime::parse("audit") {
        Ok(CommandLine {
            command: Command::Verify(arguments),
        }) => run_verify(&arguments),
        Err(code) => code,
    }
}
