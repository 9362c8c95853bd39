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
    /// Default address of the operations listener, in each subcommand that has one.
    const OPERATIONS_ADDRESS: &'static str;

    /// Contradictions between arguments that are each valid.
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

/// The settings of a program that [`crate::run`] can run.
pub trait Settings: clap::Parser {
    /// Default address of the operations listener.
    ///
    /// Each program has its own port, so that all run on one machine.
    const OPERATIONS_ADDRESS: &'static str;

    /// The settings that every program has.
    fn common(&self) -> &CommonSettings;

    /// Contradictions between settings that are each valid.
    fn contradictions(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Settings that every program has.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Operations")]
pub struct CommonSettings {
    /// Address of the listener for liveness, readiness and metrics.
    #[arg(
        long,
        id = "operations_listen",
        env = "OPERATIONS_LISTEN",
        value_name = "ADDRESS"
    )]
    pub operations_listen: SocketAddr,
    /// Log filter, such as `info` or `info,portcullis=debug`.
    #[arg(
        long,
        env = "LOG",
        value_name = "FILTER",
        default_value = "info",
        value_parser = telemetry::check_filter
    )]
    pub log: String,
    /// Log format.
    #[arg(
        long,
        env = "LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "json"
    )]
    pub log_format: LogFormat,
    /// Time between becoming unready and closing the listeners, so that load balancers notice
    /// first.
    #[arg(
        long,
        env = "DRAIN_DELAY",
        value_name = "TIME",
        default_value = "0s",
        value_parser = humantime::parse_duration
    )]
    pub drain_delay: Duration,
    /// Maximum time to finish the requests in flight after the listeners closed.
    #[arg(
        long,
        env = "DRAIN_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = humantime::parse_duration
    )]
    pub drain_timeout: Duration,
    /// Maximum number of open connections on the listener of traffic. The listeners of keys,
    /// operations and the admin API have the same maximum, but at most 128. At the maximum, a new
    /// connection closes the connection that has been idle for longest. Connections whose request
    /// is incomplete are closed before idle ones.
    #[arg(
        long,
        env = "MAX_CONNECTIONS",
        value_name = "NUMBER",
        default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub max_connections: u32,
    /// Maximum time for the head of a request to arrive, and for a TLS handshake. A slower
    /// connection is closed.
    #[arg(
        long,
        env = "HEADER_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = humantime::parse_duration
    )]
    pub header_timeout: Duration,
    /// URL of an OTLP/gRPC collector of traces, such as http://collector:4317. Without it no trace
    /// is recorded, and callers' traces are still passed on. The OTEL_* variables set sampling and
    /// the attributes of the process.
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

/// Format of log lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Coloured text, for people.
    Pretty,
}

/// Invalid settings or documents. The process exits with 64 before it starts anything.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct InvalidSettings(pub Vec<String>);

/// The command line of a program, as [`crate::parse`] parses it.
#[must_use]
pub fn command<A: Arguments>() -> Command {
    with_operations_address(A::command(), A::OPERATIONS_ADDRESS)
}

/// Gives the operations listener its default, and each renamed setting its old variable.
///
/// It applies to the command and its subcommands. It also hides the values of variables in help
/// texts: some are secrets, and a generated reference would show the values of one machine.
fn with_operations_address(command: Command, address: &'static str) -> Command {
    let with_default = |arg: clap::Arg| {
        let arg = with_old_variable(arg).hide_env_values(true);
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

/// Reads a renamed setting from its old variable if only the old variable is set.
///
/// The old flag is a hidden alias (`#[arg(alias = "old-name")]`), and the old variable is
/// `OLD_NAME`.
fn with_old_variable(arg: clap::Arg) -> clap::Arg {
    let is_set = |variable: &std::ffi::OsStr| std::env::var_os(variable).is_some();
    if arg.get_env().is_none_or(is_set) {
        return arg;
    }
    let old = arg
        .get_all_aliases()
        .into_iter()
        .flatten()
        .map(|flag| flag.replace('-', "_"));
    match old
        .map(|flag| flag.to_uppercase())
        .find(|variable| is_set(variable.as_ref()))
    {
        Some(variable) => arg.env(variable),
        None => arg,
    }
}
