use std::process::ExitCode;

use portcullis_runtime::Arguments;

use crate::{NAME, Settings, openapi};

/// Notifications in the name of users. Without a command, serves until SIGTERM.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "notification", version, subcommand_negates_reqs = true)]
pub struct CommandLine {
    /// Something else than serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: Option<Settings>,
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

    fn contradictions(&self) -> Vec<String> {
        self.serve.as_ref().map(portcullis_runtime::Settings::contradictions).unwrap_or_default()
    }
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
