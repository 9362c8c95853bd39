//! Runs inside a cluster, where images have no shell: tries the ways round the gate for
//! `helm test`, drains an Envoy that leaves, brings routes to Envoy after their policies, and
//! sends and answers what the tests on a cluster count.

mod attempts;
mod drain;
mod elf;
mod envoy_admin;
mod follow;
mod http;
mod install;
mod listen;
mod load;
mod reach;
mod session;
mod started;
mod target;
mod tls;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Tries the ways round the gate, drains an Envoy that leaves, and makes traffic for tests.
#[derive(Debug, Parser)]
#[command(name = "probe", version)]
enum Command {
    /// See that the gate answers and that nothing behind it can be reached from here.
    Attempts(attempts::Attempts),
    /// Have Envoy ask its clients to leave, and wait until they have.
    Drain(drain::Drain),
    /// See that an Envoy can serve: that it has its configuration and reaches what it asks.
    Started(started::Started),
    /// Copy a mounted ConfigMap each time that it changes, once the authz server has its policies.
    Follow(follow::Follow),
    /// See which addresses answer this pod, by TCP and UDP.
    Reach(reach::Reach),
    /// Answer on ports, for `reach` to try.
    Listen(listen::Listen),
    /// Ask at a steady rate, and count what is not answered as it should be.
    Load(load::Load),
    /// Copy this program to a volume, for a container whose image has no program that could do its
    /// work.
    Install(install::Install),
}

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    let outcome = match Command::parse() {
        Command::Attempts(attempts) => attempts.run(&mut out),
        Command::Drain(drain) => drain.run(&mut out),
        Command::Started(started) => started.run(&mut out),
        Command::Follow(follow) => follow.run(&mut out),
        Command::Reach(reach) => reach.run(&mut out),
        Command::Listen(listen) => listen.run(&mut out),
        Command::Load(load) => load.run(&mut out),
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
