use std::io::{IsTerminal, stderr};
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use portcullis_conformance::{IdentityHeaders, Progress, Protected, Report, Target};
use portcullis_runtime::OutputFormat;
use url::Url;

use super::{progress, unusable};

/// Arguments of `portcullis-conformance run`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunArguments {
    /// URL of the gateway, without TLS.
    #[arg(long, value_name = "URL")]
    gateway: Url,
    /// URL of the echo's --records-listen.
    #[arg(long, value_name = "URL")]
    echo: Url,
    /// Path that the gateway passes to the echo with a token (repeatable). Give every path that a
    /// token opens.
    #[arg(long, value_name = "PATH", required = true)]
    protected: Vec<String>,
    /// File of the token that opens the protected path: one file for all paths, or one for each
    /// path in the same order.
    #[arg(long, value_name = "FILE", required = true)]
    token_file: Vec<PathBuf>,
    /// Path that the gateway passes to the echo without a token (repeatable).
    #[arg(long, value_name = "PATH")]
    public: Vec<String>,
    /// Origin whose preflights the gateway answers.
    #[arg(long, value_name = "ORIGIN", default_value = "http://localhost:3000")]
    origin: String,
    /// Another header that clients must not be able to send (repeatable). A name that ends in - is
    /// a prefix.
    #[arg(long, value_name = "NAME")]
    identity_header: Vec<String>,
    /// Timeout for an answer of the gateway.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        value_parser = humantime::parse_duration
    )]
    timeout: Duration,
    /// Maximum number of connections with a busy request.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 32,
        value_parser = clap::value_parser!(u16).range(1..=512)
    )]
    connections: u16,
    /// Output format.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// Tests a gateway and prints the findings. Exit code 0: none; 1: some; 64: the gateway could not
/// be tested.
pub(crate) fn run(arguments: &RunArguments) -> ExitCode {
    let tested = test_gateway(arguments)
        .and_then(|report| Ok((text(&report, arguments.format)?, report.findings())));
    match tested {
        Ok((text, findings)) => {
            portcullis_runtime::print(&text);
            if findings == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => unusable(&error),
    }
}

fn text(report: &Report, format: OutputFormat) -> anyhow::Result<String> {
    Ok(match format {
        OutputFormat::Text => report.text(),
        OutputFormat::Json => format!("{}\n", report.json()?),
    })
}

fn test_gateway(arguments: &RunArguments) -> anyhow::Result<Report> {
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

fn target(arguments: &RunArguments) -> anyhow::Result<Target> {
    let RunArguments {
        gateway,
        protected,
        token_file,
        ..
    } = arguments;
    ensure!(
        gateway.scheme() == "http",
        "--gateway {gateway}: is not an http URL; give the listener without TLS"
    );
    let host = gateway.host_str().unwrap_or_default();
    let port = gateway.port_or_known_default().unwrap_or_default();
    let address = (host.trim_matches(['[', ']']), port)
        .to_socket_addrs()
        .ok()
        .and_then(|mut all| all.next());
    ensure!(
        token_file.len() == 1 || token_file.len() == protected.len(),
        "--token-file is given {} times and --protected {} times; give one file for all paths, or \
         one for each",
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
