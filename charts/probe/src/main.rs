//! Runs inside a cluster, where images have no shell: tries the ways round the gate for `helm test`, and drains an Envoy that leaves.

mod attempts;
mod drain;
mod http;
mod install;
mod target;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Tries the ways round the gate, and drains an Envoy that leaves.
#[derive(Debug, Parser)]
#[command(name = "probe", version)]
enum Command {
    /// See that the gate answers and that nothing behind it can be reached from here.
    Attempts(attempts::Attempts),
    /// Have Envoy ask its clients to leave, and wait until they have.
    Drain(drain::Drain),
    /// Copy this program to a volume, for a container whose image has no program that could do its work.
    Install(install::Install),
}

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    let outcome = match Command::parse() {
        Command::Attempts(attempts) => attempts.run(&mut out),
        Command::Drain(drain) => drain.run(&mut out),
        Command::Install(install) => install.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _written = out.flush();
            let _written = writeln!(std::io::stderr(), "probe: {error:#}");
            ExitCode::FAILURE
        }
    }
}
