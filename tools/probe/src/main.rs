//! The program `probe`, which runs inside a cluster, where images have no shell.
//!
//! It tries the ways round the gateway for `helm test`, drains an Envoy that ends, copies routes to
//! Envoy after their policies, and sends and answers the traffic of the cluster tests.

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

/// Try the ways round the gateway, drain an Envoy that ends, and send traffic for tests.
#[derive(Debug, Parser)]
#[command(name = "probe", version)]
enum Command {
    /// Check that the gateway answers, and that this pod cannot go round it.
    Attempts(attempts::Attempts),
    /// Drain Envoy: let it close its connections, and wait until clients have gone.
    Drain(drain::Drain),
    /// Check that Envoy can serve: it has its configuration, and reaches the authz server and DNS.
    Started(started::Started),
    /// Copy a mounted ConfigMap at each change, once the authz server has its policies.
    Follow(follow::Follow),
    /// List the addresses that answer this pod over TCP and UDP.
    Reach(reach::Reach),
    /// Answer on ports, for `reach` to try.
    Listen(listen::Listen),
    /// Send requests at a steady rate, and count those without the expected status.
    Load(load::Load),
    /// Copy this program to a volume, for a container whose image lacks it.
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
