use std::process::ExitCode;

use super::echo::EchoArguments;
use super::manual;
use super::run::RunArguments;

/// Tests any gateway for spoofed headers, confused paths and smuggled requests.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "portcullis-conformance",
    version,
    arg_required_else_help = true
)]
pub(crate) struct CommandLine {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Test any gateway for spoofed headers, confused paths and smuggled requests.
    #[command(after_long_help = manual::RUN)]
    Run(Box<RunArguments>),
    /// Stand in for the service behind a tested gateway, and record the requests that reach it.
    #[command(after_long_help = manual::ECHO)]
    Echo(EchoArguments),
    /// Print the reference of all commands, in Markdown.
    #[command(hide = true)]
    Reference,
}

impl portcullis_runtime::Arguments for CommandLine {
    /// Unused, because no command has an operations listener.
    const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9109";
}

/// Prints the reference of all commands, in Markdown.
pub(crate) fn reference() -> ExitCode {
    portcullis_runtime::print(&portcullis_runtime::reference::<CommandLine>());
    ExitCode::SUCCESS
}
