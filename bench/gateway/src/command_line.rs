use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Compare latency, throughput and CPU time of the gateway with other ways to authorize.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// A program to run instead of the measurement.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of the measurement.
    #[command(flatten)]
    pub settings: Settings,
}

/// Programs that the measurement starts.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Answer OK to every Check.
    #[command(hide = true)]
    NoOp(NoOpSettings),
}

/// Settings of the no-op server.
#[derive(Clone, Debug, clap::Args)]
pub struct NoOpSettings {
    /// Answer Checks on this TCP address or `unix:PATH`.
    #[arg(long)]
    pub listen: String,
    /// Answer every HTTP request with 200 on this TCP address, for readiness.
    #[arg(long)]
    pub operations_listen: SocketAddr,
}

/// Settings of the measurement.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// Measure each case and number of connections this many times.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub rounds: u16,
    /// Measure this long each time.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "900ms",
        value_parser = humantime::parse_duration
    )]
    pub slice: Duration,
    /// Measure this many seconds in all, instead of --slice each time.
    #[arg(
        long,
        env = "BENCH_SECONDS",
        conflicts_with = "slice",
        value_parser = clap::value_parser!(u32).range(1..=86400)
    )]
    pub seconds: Option<u32>,
    /// Open this many connections, each with one request at a time.
    #[arg(
        long,
        value_delimiter = ',',
        default_values_t = [1, 4, 16, 64],
        value_parser = clap::value_parser!(u16).range(1..=1024)
    )]
    pub connections: Vec<u16>,
    /// Give Envoy this many worker threads.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,
    /// Measure only cases whose name contains one of these, and the cases to compare them with.
    #[arg(long, value_delimiter = ',')]
    pub cases: Vec<String>,
    /// Use the tokens of this many users in turn in cached cases. Few users would reach the rate
    /// limit.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(50..=20000))]
    pub tokens: u16,
    /// Measure this `portcullis` too, and print the ratios to it. Use the program of another commit,
    /// which the profile `measured` built.
    #[arg(long, value_name = "PROGRAM")]
    pub base: Option<PathBuf>,
    /// Write all figures to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
