//! The program `portcullis`.

use std::process::ExitCode;

use portcullis_server::{
    Command, CommandLine, check, completions, conformance, conformance_echo, explain, lint,
    reference, schema, serve, test,
};

/// Half the cost of the C library's for the short-lived allocations of a check, and less memory
/// between many small entries of a cache.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match portcullis_runtime::parse("portcullis") {
        Ok(CommandLine {
            command: Command::Serve(settings),
        }) => {
            let common = settings.common.clone();
            portcullis_runtime::run_with::<CommandLine, _, _>(
                "portcullis",
                common,
                |process, metrics| serve(*settings, process, metrics),
            )
        }
        Ok(CommandLine {
            command: Command::Check(arguments),
        }) => check(&arguments),
        Ok(CommandLine {
            command: Command::Lint(arguments),
        }) => lint(&arguments),
        Ok(CommandLine {
            command: Command::Explain(arguments),
        }) => explain(&arguments),
        Ok(CommandLine {
            command: Command::Test(arguments),
        }) => test(&arguments),
        Ok(CommandLine {
            command: Command::Conformance(arguments),
        }) => conformance(&arguments),
        Ok(CommandLine {
            command: Command::ConformanceEcho(arguments),
        }) => conformance_echo(&arguments),
        Ok(CommandLine {
            command: Command::Schema,
        }) => schema(),
        Ok(CommandLine {
            command: Command::Completions(arguments),
        }) => completions(&arguments),
        Ok(CommandLine {
            command: Command::Reference,
        }) => reference(),
        Err(code) => code,
    }
}
