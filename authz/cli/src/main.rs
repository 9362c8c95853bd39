//! The program `portcullis`.

use std::process::ExitCode;

use portcullis_cli::commands::check::check;
use portcullis_cli::commands::completions::completions;
use portcullis_cli::commands::conformance::conformance;
use portcullis_cli::commands::explain::explain;
use portcullis_cli::commands::lint::lint;
use portcullis_cli::commands::reference::reference;
use portcullis_cli::commands::schema::schema;
use portcullis_cli::commands::test::test;
use portcullis_cli::{Command, CommandLine};
use portcullis_server::serve;

/// Costs half of the C library's allocator for the short-lived allocations of a Check, and wastes
/// less memory between the many small entries of a cache.
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
        }) => conformance("run", &arguments),
        Ok(CommandLine {
            command: Command::ConformanceEcho(arguments),
        }) => conformance("echo", &arguments),
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
