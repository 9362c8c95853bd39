//! `portcullis conformance` and `portcullis conformance-echo`: a gateway tried from both sides.

mod progress;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use portcullis_conformance::{
    Echo, Handlers, IdentityHeaders, Progress, Protected, Report, SAMPLE_HANDLERS, Target,
};
use url::Url;

use crate::check::Format;

/// Arguments of `portcullis conformance`.
#[derive(Clone, Debug, clap::Args)]
pub struct ConformanceArguments {
    /// The gateway, without TLS.
    #[arg(long, value_name = "URL")]
    gateway: Url,
    /// The --records-listen of the echo.
    #[arg(long, value_name = "URL")]
    echo: Url,
    /// A path that the gateway passes to the echo with a token; any number of times, the paths of
    /// one token each with that token.
    #[arg(long, value_name = "PATH", required = true)]
    protected: Vec<String>,
    /// File of the token that opens the path of the same place in the order; one for all, or one
    /// for each.
    #[arg(long, value_name = "FILE", required = true)]
    token_file: Vec<PathBuf>,
    /// A path that the gateway passes to the echo without a token; any number of times.
    #[arg(long, value_name = "PATH")]
    public: Vec<String>,
    /// An origin whose preflights the gateway answers.
    #[arg(long, value_name = "ORIGIN", default_value = "http://localhost:3000")]
    origin: String,
    /// One more header that clients must not be able to send; one that ends in - stands for all
    /// that start so.
    #[arg(long, value_name = "NAME")]
    identity_header: Vec<String>,
    /// How long the gateway may take for an answer.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// How many connections are open at once.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=512))]
    connections: u16,
    /// How findings are printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Arguments of `portcullis conformance-echo`.
#[derive(Clone, Debug, clap::Args)]
pub struct EchoArguments {
    /// Where the gateway sends requests (HTTP/1.1).
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Where what was seen is asked for (HTTP). The gateway must not lead here.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8009")]
    records_listen: SocketAddr,
    /// A path that stands for a protected handler, with {name} for a segment that may be anything;
    /// any number of times [default: those of this repository's services].
    #[arg(long, value_name = "PATTERN")]
    handler: Vec<String>,
}

/// Exit code of what cannot be tried.
const UNUSABLE: u8 = 64;

/// Tries a gateway and prints what was found. Exit code 0: nothing; 1: something; 64: it could not
/// be tried.
#[must_use]
pub fn conformance(arguments: &ConformanceArguments) -> ExitCode {
    match try_gateway(arguments)
        .and_then(|report| Ok((print(&report, arguments.format)?, report.findings())))
    {
        Ok((text, findings)) => {
            // A closed pipe does not change the verdict.
            let _written = stdout().write_all(text.as_bytes());
            if findings == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => unusable(&error),
    }
}

/// Serves until it is stopped.
#[must_use]
pub fn conformance_echo(arguments: &EchoArguments) -> ExitCode {
    match serve_echo(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => unusable(&error),
    }
}

fn unusable(error: &anyhow::Error) -> ExitCode {
    eprintln!("portcullis: {error:#}");
    UNUSABLE.into()
}

fn print(report: &Report, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Text => report.text(),
        Format::Json => format!("{}\n", report.json()?),
    })
}

fn try_gateway(arguments: &ConformanceArguments) -> anyhow::Result<Report> {
    let target = target(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let progress = Progress::default();
        let run = portcullis_conformance::run(target, &progress);
        if stderr().is_terminal() {
            progress::shown(&progress, run).await
        } else {
            run.await
        }
    })
}

fn target(arguments: &ConformanceArguments) -> anyhow::Result<Target> {
    let ConformanceArguments {
        gateway,
        protected,
        token_file,
        ..
    } = arguments;
    ensure!(
        gateway.scheme() == "http",
        "--gateway {gateway}: only http is spoken; give the listener without TLS"
    );
    let (host, port) = (
        gateway.host_str().unwrap_or_default(),
        gateway.port_or_known_default().unwrap_or_default(),
    );
    let address = (host.trim_matches(['[', ']']), port)
        .to_socket_addrs()
        .ok()
        .and_then(|mut all| all.next());
    ensure!(
        token_file.len() == 1 || token_file.len() == protected.len(),
        "--token-file is given {} times and --protected {} times; give one file for all paths, or one for each",
        token_file.len(),
        protected.len()
    );
    let tokens = token_file
        .iter()
        .map(|file| read_token(file))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let protected = protected.iter().zip(tokens.iter().cycle());
    Ok(Target {
        gateway: address
            .with_context(|| format!("--gateway {gateway}: the host has no address"))?,
        host: if gateway.port().is_some() {
            format!("{host}:{port}")
        } else {
            host.to_owned()
        },
        records: arguments.echo.to_string(),
        protected: protected
            .map(|(path, token)| Protected {
                path: path.clone(),
                token: token.clone(),
            })
            .collect(),
        public: arguments.public.clone(),
        origin: arguments.origin.clone(),
        identity: IdentityHeaders::and(arguments.identity_header.iter().cloned()),
        limit: arguments.timeout,
        connections: arguments.connections.into(),
    })
}

fn read_token(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("--token-file {}: cannot be read", file.display()))?;
    let token = text.trim();
    let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(
        is_one,
        "--token-file {}: must have one token and nothing else",
        file.display()
    );
    Ok(token.to_owned())
}

fn serve_echo(arguments: &EchoArguments) -> anyhow::Result<()> {
    let patterns: Vec<&str> = match &arguments.handler[..] {
        [] => SAMPLE_HANDLERS.to_vec(),
        given => given.iter().map(String::as_str).collect(),
    };
    let handlers = Handlers::new(patterns).context("--handler")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let traffic = portcullis_runtime::bind("--listen", arguments.listen).await?;
        let records =
            portcullis_runtime::bind("--records-listen", arguments.records_listen).await?;
        eprintln!(
            "portcullis: the echo serves {}, its records are at http://{}/records",
            traffic.local_addr()?,
            records.local_addr()?
        );
        Echo {
            traffic,
            records,
            handlers,
        }
        .serve()
        .await
        .context("the echo stopped")
    })
}
