//! The program `bench-gateway`.

use std::process::ExitCode;

use anyhow::Context;
use bench_gateway::{Command, CommandLine, Settings, print, run, serve_no_op};
use clap::Parser;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let CommandLine { command, settings } = CommandLine::parse();
    let outcome = match command {
        Some(Command::NoOp(settings)) => {
            // The runtime of `#[tokio::main]`, which portcullis has too.
            Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(Into::into)
                .and_then(|runtime| runtime.block_on(serve_no_op(settings)))
        }
        None => measure(&settings),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(settings: &Settings) -> anyhow::Result<()> {
    // The load uses one thread, so that the servers keep the other processor.
    let session = Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(settings))?;
    print(&session);
    if let Some(path) = &settings.json {
        std::fs::write(path, serde_json::to_vec_pretty(&session)?)
            .with_context(|| format!("--json {}: cannot be written", path.display()))?;
    }
    Ok(())
}
