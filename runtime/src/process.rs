use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use prometheus_client::registry::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::connections::{ConnectionLimits, ConnectionMetrics, Http, Plain, Server};
use crate::exit::{EXIT_INVALID, EXIT_USAGE};
use crate::listener::Listener;
use crate::settings::{self, InvalidSettings, ParseEnd, SettingNames};
use crate::traces::Export;
use crate::{
    Arguments, CommonSettings, PendingTask, Readiness, Settings, operations, serve, telemetry,
};

/// A running program: its readiness, shutdown and connection limits.
#[derive(Clone, Debug)]
pub struct Process {
    readiness: Readiness,
    shutdown: CancellationToken,
    limits: ConnectionLimits,
    connections: ConnectionMetrics,
}

impl Process {
    /// A process without signals and operations listener, for a part that runs in a test.
    #[must_use]
    pub fn detached() -> Self {
        Self {
            readiness: Readiness::new(),
            shutdown: CancellationToken::new(),
            limits: ConnectionLimits::default(),
            connections: ConnectionMetrics::default(),
        }
    }

    /// Replaces the connection limits.
    #[must_use]
    pub fn with_limits(self, limits: ConnectionLimits) -> Self {
        Self { limits, ..self }
    }

    /// Registers a task that must finish before the program is ready.
    #[must_use = "dropping the guard marks the task as done"]
    pub fn pending(&self, task: &str) -> PendingTask {
        self.readiness.task(task)
    }

    /// The readiness of the program.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Cancelled when listeners must close.
    #[must_use]
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// The connection limits of a listener.
    #[must_use]
    pub fn limits(&self) -> ConnectionLimits {
        self.limits
    }

    pub(crate) fn connection_metrics(&self) -> ConnectionMetrics {
        self.connections.clone()
    }
}

/// Runs a program from its arguments to its exit code.
///
/// It reads the settings, starts the logs and the operations listener, runs `program` and drains.
/// `program` adds its metrics to the registry and returns the future that serves until shutdown.
pub fn run<S, P, F>(name: &'static str, program: P) -> ExitCode
where
    S: Settings,
    P: FnOnce(S, Process, &mut Registry) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let settings: S = match parse(name) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let common = settings.common().clone();
    run_with::<S, _, _>(name, common, |process, metrics| {
        program(settings, process, metrics)
    })
}

/// Parses the command line of the program `name`.
///
/// For an error or `--help` it prints the text and returns the exit code.
pub fn parse<A: Arguments>(name: &str) -> Result<A, ExitCode> {
    settings::parse(std::env::args_os().collect()).map_err(|end| match end {
        ParseEnd::Help(text) => {
            // A closed pipe does not change the exit code.
            let _printed = text.print();
            ExitCode::from(if text.use_stderr() { EXIT_INVALID } else { 0 })
        }
        ParseEnd::Usage(text) => {
            let _printed = text.print();
            ExitCode::from(EXIT_USAGE)
        }
        ParseEnd::Invalid(errors) => report(name, &errors.0.join("\n"), EXIT_INVALID),
    })
}

/// Like [`run`], for a program whose command line, an `A`, has been parsed.
pub fn run_with<A, P, F>(name: &'static str, common: CommonSettings, program: P) -> ExitCode
where
    A: Arguments,
    P: FnOnce(Process, &mut Registry) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    telemetry::start(&common);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = runtime
        .context("starting the async runtime")
        .and_then(|runtime| {
            let _inside = runtime.enter();
            let traces = Export::start(name, common.otlp_endpoint.as_ref())?;
            let outcome = runtime.block_on(supervise(common, program));
            traces.stop();
            outcome
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed::<A>(name, &error),
    }
}

async fn supervise<P, F>(common: CommonSettings, program: P) -> anyhow::Result<()>
where
    P: FnOnce(Process, &mut Registry) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let process = Process::detached().with_limits(common.connection_limits());
    let starting = process.pending("start");
    let operations = Listener::bind(
        "operations",
        "--operations-listen",
        &common.operations_listen.into(),
    )
    .await?;
    let mut registry = Registry::default();
    process.connections.register(&mut registry);
    let program = program(process.clone(), &mut registry);
    let router = operations::router(process.readiness.clone(), Arc::new(registry));
    let server = Server {
        listener: operations,
        transport: Plain,
        protocol: Http::new(router),
        limits: serve::few(process.limits),
        metrics: process.connection_metrics(),
        // kubelet probes liveness until the end of the drain.
        stopping: CancellationToken::new(),
    };
    let operations = tokio::spawn(server.serve());
    drop(starting);

    tokio::pin!(program);
    let outcome = tokio::select! {
        outcome = &mut program => outcome,
        signal = stop_signal() => {
            tracing::info!(signal = signal?, "stopping");
            drain(&common, &process, program).await
        }
    };
    operations.abort();
    outcome
}

/// Drains the program.
///
/// The program becomes unready and waits for load balancers to notice. Then the listeners close and
/// the requests in flight finish. A second signal ends the drain at once.
async fn drain(
    common: &CommonSettings,
    process: &Process,
    program: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let _draining = process.pending("shutdown");
    let shutdown = process.shutdown.clone();
    let delay = common.drain_delay;
    let closing = async move {
        tokio::time::sleep(delay).await;
        shutdown.cancel();
        std::future::pending::<()>().await;
    };
    let limit = delay
        .saturating_add(common.drain_timeout)
        .max(Duration::from_millis(1));
    tokio::select! {
        outcome = program => { tracing::info!("stopped"); outcome }
        () = closing => Ok(()),
        () = tokio::time::sleep(limit) => {
            tracing::warn!(
                ?limit,
                "requests are still in flight at the end of the drain; dropping them"
            );
            Ok(())
        }
        signal = stop_signal() => {
            tracing::warn!(signal = signal?, "second signal; stopping at once");
            Ok(())
        }
    }
}

async fn stop_signal() -> anyhow::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

/// Reports the error that ended the program.
///
/// A line that begins with a flag also gets the setting's environment variable.
fn failed<A: Arguments>(name: &str, error: &anyhow::Error) -> ExitCode {
    let settings_are_wrong = error
        .chain()
        .any(<dyn std::error::Error>::is::<InvalidSettings>);
    let arguments: Vec<_> = std::env::args_os().collect();
    let names = SettingNames::new(&A::command(), A::OPERATIONS_ADDRESS, &arguments);
    let explained = |line: &str| names.explain(line, settings_are_wrong);
    let lines: Vec<String> = format!("{error:#}").lines().map(explained).collect();
    report(
        name,
        &lines.join("\n"),
        if settings_are_wrong { EXIT_INVALID } else { 1 },
    )
}

/// Prints `message` on standard error, independently of the log filter.
fn report(name: &str, message: &str, code: u8) -> ExitCode {
    for line in message.lines() {
        eprintln!("{name}: {line}");
    }
    ExitCode::from(code)
}
