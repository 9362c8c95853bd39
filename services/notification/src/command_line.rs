use std::process::ExitCode;

use portcullis_runtime::Arguments;

use crate::{NAME, Settings, openapi};

/// Notifications in the name of users: what the program can do beside serving.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "notification", version)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl CommandLine {
    /// Whether this process was started for one of the commands. Without one the program serves, as it did before it had any.
    #[must_use]
    pub fn is_asked_for() -> bool {
        let first = std::env::args().nth(1);
        first.is_some_and(|first| <Self as clap::CommandFactory>::command().find_subcommand(first).is_some())
    }
}

/// What the program can do beside serving.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Print the OpenAPI document.
    #[command(hide = true)]
    Openapi,
}

impl Arguments for CommandLine {
    const OPERATIONS_ADDRESS: &'static str = <Settings as portcullis_runtime::Settings>::OPERATIONS_ADDRESS;
}

/// Prints the OpenAPI document.
#[must_use]
pub fn run_openapi() -> ExitCode {
    match openapi().to_pretty_json() {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{NAME}: {error}");
            ExitCode::FAILURE
        }
    }
}
