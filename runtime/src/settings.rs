//! Settings from flags and the environment: every error at once, exit code 64 (`EX_USAGE`).

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use clap::builder::OsStringValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, ValueEnum};
use url::Url;

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
    /// Where this program's operations listener is by default; each program has its own port, so that all run on one machine.
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
    #[arg(long, id = "operations_listen", env = "OPERATIONS_LISTEN", value_name = "ADDRESS")]
    pub operations_listen: SocketAddr,
    /// Log filter, such as `info` or `info,portcullis=debug`.
    #[arg(long, env = "LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
    /// Log format.
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT", default_value = "json")]
    pub log_format: LogFormat,
    /// Time between becoming not ready and closing the listeners, so that load balancers notice first.
    #[arg(long, env = "DRAIN_DELAY", value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    pub drain_delay: Duration,
    /// Longest time for finishing the requests in flight after the listeners closed.
    #[arg(long, env = "DRAIN_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub drain_timeout: Duration,
    /// Collector of traces that speaks OTLP over gRPC, such as http://collector:4317. Without one no trace is recorded, and those of callers
    /// are passed on. Sampling and attributes of the process come from the OTEL_* variables.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<Url>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Coloured text, for people.
    Pretty,
}

/// Settings or documents that cannot be used. The process exits with 64 and nothing has been started.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct InvalidSettings(pub Vec<String>);

/// Why parsing ended without settings.
#[derive(Debug)]
pub(crate) enum ParseEnd {
    /// `--help` or `--version`: print this and leave with success.
    Help(clap::Error),
    /// All that is wrong.
    Invalid(InvalidSettings),
}

/// The command line of a program, as [`crate::parse`] reads it.
#[must_use]
pub fn command<A: Arguments>() -> Command {
    with_operations_address(A::command(), A::OPERATIONS_ADDRESS)
}

pub(crate) fn parse<S: Arguments>(arguments: Vec<OsString>) -> Result<S, ParseEnd> {
    let matches = collect_errors(command::<S>, arguments)?;
    let settings =
        S::from_arg_matches(&matches).map_err(|error| ParseEnd::Invalid(InvalidSettings(vec![one_line(&error)])))?;
    let contradictions = settings.contradictions();
    if contradictions.is_empty() { Ok(settings) } else { Err(ParseEnd::Invalid(InvalidSettings(contradictions))) }
}

/// Gives the operations listener its default, in the command or in the subcommand that has it. Values of variables stay out of help texts:
/// some are secrets, and a reference that is generated from them would be one machine's.
fn with_operations_address(command: Command, address: &'static str) -> Command {
    let with_default = |arg: clap::Arg| {
        let arg = arg.hide_env_values(true);
        if arg.get_id() == "operations_listen" { arg.required(false).default_value(address) } else { arg }
    };
    command.mut_args(with_default).mut_subcommands(|sub| with_operations_address(sub, address))
}

/// clap stops at the first error. This parses again with the offending argument made harmless until none is left,
/// so that a person fixes all in one go.
fn collect_errors(fresh: impl Fn() -> Command, mut arguments: Vec<OsString>) -> Result<clap::ArgMatches, ParseEnd> {
    let mut found = Vec::new();
    let mut harmless = Vec::new();
    loop {
        // A command is built while it parses and can't be changed afterwards, so each round starts from a fresh one.
        let error = match harmless.iter().fold(fresh(), accept_anything).try_get_matches_from(&arguments) {
            Ok(matches) if found.is_empty() => return Ok(matches),
            Ok(_) => return Err(ParseEnd::Invalid(InvalidSettings(found))),
            Err(error) => error,
        };
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) && found.is_empty() {
            return Err(ParseEnd::Help(error));
        }
        found.push(one_line(&error));
        if !make_harmless(&error, &mut harmless, &mut arguments) {
            return Err(ParseEnd::Invalid(InvalidSettings(found)));
        }
    }
}

/// Remembers the arguments that `error` names, or drops unknown ones; false when that changes nothing.
fn make_harmless(error: &clap::Error, harmless: &mut Vec<String>, arguments: &mut Vec<OsString>) -> bool {
    let named: Vec<String> = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(many)) => many.clone(),
        _ => return false,
    };
    let before = (harmless.len(), arguments.len());
    if error.kind() == ErrorKind::UnknownArgument {
        let unknown =
            |given: &OsString| named.iter().any(|name| given.to_string_lossy().split('=').next() == Some(name));
        arguments.retain(|given| !unknown(given));
    } else {
        harmless.extend(named.into_iter().filter(|name| !harmless.contains(name)).collect::<Vec<_>>());
    }
    before != (harmless.len(), arguments.len())
}

/// Makes the argument that errors show as `shown` (`--name <VALUE>`, or `<ID>` without a flag) optional and lets it take any value, in the command or its subcommands.
fn accept_anything(command: Command, shown: &String) -> Command {
    let relax = |arg: clap::Arg| {
        let flag = arg.get_long().map_or_else(|| format!("<{}>", arg.get_id()), |long| format!("--{long}"));
        if shown.split(' ').next() == Some(&flag) {
            arg.required(false).value_parser(OsStringValueParser::new())
        } else {
            arg
        }
    };
    command.mut_args(relax).mut_subcommands(|sub| accept_anything(sub, shown))
}

fn one_line(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let text: Vec<&str> = rendered
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    text.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{CommonSettings, ParseEnd, Settings, parse};

    #[derive(Debug, clap::Parser)]
    struct Sample {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        policy: String,
        #[command(flatten)]
        common: CommonSettings,
    }

    impl Settings for Sample {
        const OPERATIONS_ADDRESS: &'static str = "127.0.0.1:9999";

        fn common(&self) -> &CommonSettings {
            &self.common
        }
    }

    fn parse_words(words: &str) -> Result<Sample, ParseEnd> {
        parse(words.split(' ').map(Into::into).collect())
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let result = parse_words("sample --listen nonsense --drain-delay soon --colour");
        let Err(ParseEnd::Invalid(errors)) = result else { panic!("{result:?}") };
        let text = errors.to_string();
        for part in ["--listen", "--drain-delay", "--colour", "--policy"] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn good_settings_pass_with_the_programs_own_default() {
        let settings = parse_words("sample --listen 127.0.0.1:1 --policy p.yaml").unwrap();
        assert_eq!(settings.common.operations_listen.to_string(), "127.0.0.1:9999");
        assert_eq!((settings.listen.port(), settings.policy.as_str()), (1, "p.yaml"));
    }
}
