//! Settings from flags and the environment: every error at once, exit code 64 (`EX_USAGE`).

mod errors;
mod parse;
mod setting_names;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Command, ValueEnum};
use url::Url;

use crate::connections::ConnectionLimits;
use crate::telemetry;

pub(crate) use parse::{ParseEnd, parse};
pub(crate) use setting_names::SettingNames;
pub use setting_names::settings_without_example;

/// A command line that [`crate::parse`] can read.
pub trait Arguments: clap::Parser {
    /// Where the operations listener is by default, in whichever subcommand has one.
    const OPERATIONS_ADDRESS: &'static str;

    /// Contradictions between arguments that are each well-formed.
    fn contradictions(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<S: Settings> Arguments for S {
    const OPERATIONS_ADDRESS: &'static str = <S as Settings>::OPERATIONS_ADDRESS;

    fn contradictions(&self) -> Vec<String> {
        <S as Settings>::contradictions(self)
    }
}

/// What a program's settings must offer to be run by [`crate::run`].
pub trait Settings: clap::Parser {
    /// Where this program's operations listener is by default; each program has its own port, so
    /// that all run on one machine.
    const OPERATIONS_ADDRESS: &'static str;

    /// The settings that every program has.
    fn common(&self) -> &CommonSettings;

    /// Contradictions between settings that are each well-formed.
    fn contradictions(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Settings that every program has.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Operations")]
pub struct CommonSettings {
    /// Where liveness, readiness and metrics are served.
    #[arg(
        long,
        id = "operations_listen",
        env = "OPERATIONS_LISTEN",
        value_name = "ADDRESS"
    )]
    pub operations_listen: SocketAddr,
    /// Log filter, such as `info` or `info,portcullis=debug`.
    #[arg(long, env = "LOG", value_name = "FILTER", default_value = "info", value_parser = telemetry::check_filter)]
    pub log: String,
    /// Log format.
    #[arg(
        long,
        env = "LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "json"
    )]
    pub log_format: LogFormat,
    /// Time between becoming not ready and closing the listeners, so that load balancers notice
    /// first.
    #[arg(long, env = "DRAIN_DELAY", value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    pub drain_delay: Duration,
    /// Longest time for finishing the requests in flight after the listeners closed.
    #[arg(long, env = "DRAIN_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub drain_timeout: Duration,
    /// Connections open at once on the listener of traffic, and 128 at most on those of keys,
    /// operations and administration. At the cap the one that has been without a request longest is
    /// closed for the next.
    #[arg(long, env = "MAX_CONNECTIONS", value_name = "NUMBER", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_connections: u32,
    /// Longest time for the head of a request to arrive, and for a TLS handshake; then the
    /// connection is closed.
    #[arg(long, env = "HEADER_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub header_timeout: Duration,
    /// Collector of traces that speaks OTLP over gRPC, such as http://collector:4317. Without one
    /// no trace is recorded, and those of callers are passed on. Sampling and attributes of the
    /// process come from the OTEL_* variables.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<Url>,
}

impl CommonSettings {
    pub(crate) fn connection_limits(&self) -> ConnectionLimits {
        ConnectionLimits {
            // A u32 fits wherever this runs.
            connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            header_timeout: self.header_timeout,
            ..ConnectionLimits::default()
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Coloured text, for people.
    Pretty,
}

/// Settings or documents that cannot be used. The process exits with 64 and nothing has been
/// started.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct InvalidSettings(pub Vec<String>);

/// The command line of a program, as [`crate::parse`] reads it.
#[must_use]
pub fn command<A: Arguments>() -> Command {
    with_operations_address(A::command(), A::OPERATIONS_ADDRESS)
}

/// Gives the operations listener its default, in the command or in the subcommand that has it.
/// Values of variables stay out of help texts: some are secrets, and a reference that is generated
/// from them would be one machine's.
fn with_operations_address(command: Command, address: &'static str) -> Command {
    let with_default = |arg: clap::Arg| {
        let arg = arg.hide_env_values(true);
        if arg.get_id() == "operations_listen" {
            arg.required(false).default_value(address)
        } else {
            arg
        }
    };
    command
        .mut_args(with_default)
        .mut_subcommands(|sub| with_operations_address(sub, address))
}
