use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use portcullis_conformance::{Echo, Handlers, SAMPLE_HANDLERS};

use super::unusable;

/// Arguments of `portcullis-conformance echo`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct EchoArguments {
    /// Address that the gateway sends requests to (HTTP/1.1).
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Address of the records (HTTP). The gateway must not have a route to it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8009")]
    records_listen: SocketAddr,
    /// Path of a protected handler, with {name} for any segment (repeatable) [default: the paths
    /// of the sample services].
    #[arg(long, value_name = "PATTERN")]
    handler: Vec<String>,
}

/// Serves the echo until the process is stopped.
pub(crate) fn echo(arguments: &EchoArguments) -> ExitCode {
    match serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => unusable(&error),
    }
}

fn serve(arguments: &EchoArguments) -> anyhow::Result<()> {
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
            "portcullis-conformance: the echo serves {}; its records are at http://{}/records",
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
