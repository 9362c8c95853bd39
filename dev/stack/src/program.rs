//! One process with a log of its own: starts it, waits until it is ready, stops it.

use std::ffi::OsStr;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use reqwest::Client;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Maximum time until a process is ready. Generous, because a busy machine starts slowly, and a
/// process that fails exits at once.
const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);
/// Lines of a log that an error quotes.
const QUOTED_LINES: usize = 8;

/// How to start a process, and how to find out whether it is ready.
#[derive(Clone, Debug)]
pub struct ProgramSpec {
    /// The name that errors show.
    pub name: &'static str,
    /// The program.
    pub binary: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment; it inherits nothing.
    pub environment: Vec<(&'static str, String)>,
    /// Its working directory.
    pub directory: PathBuf,
    /// File for its standard output and error.
    pub log: PathBuf,
    /// The URL that answers 200 when the process is ready.
    pub ready_url: String,
}

impl ProgramSpec {
    /// The Envoy that takes over from this one: the next restart epoch, with its own log.
    pub(crate) fn successor(&self) -> anyhow::Result<Self> {
        let mut spec = self.clone();
        let epoch = spec
            .arguments
            .last_mut()
            .context("Envoy has no arguments; the last one must be its restart epoch")?;
        let next = epoch.parse::<u32>()? + 1;
        *epoch = next.to_string();
        spec.log.set_extension(format!("{next}.log"));
        Ok(spec)
    }
}

/// A running process, which is killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    spec: ProgramSpec,
    child: Child,
}

impl Program {
    /// Starts the process and waits until it is ready. An error names the program, the reason and
    /// the log.
    pub async fn start(spec: ProgramSpec, http: &Client) -> anyhow::Result<Self> {
        let log = File::create(&spec.log)
            .with_context(|| format!("{}: log {}", spec.name, spec.log.display()))?;
        // The environment of the test or demo must not change what the process does.
        let child = Command::new(&spec.binary)
            .args(spec.arguments.iter().map(OsStr::new))
            .env_clear()
            .envs(spec.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&spec.directory)
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // With a process group of its own it gets no Ctrl-C: only the demo gets that signal,
            // and then stops the processes in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| {
                format!("{}: {} cannot be started", spec.name, spec.binary.display())
            })?;
        let mut program = Self { spec, child };
        program.wait_until_ready(http).await?;
        Ok(program)
    }

    pub(crate) fn spec(&self) -> &ProgramSpec {
        &self.spec
    }

    async fn wait_until_ready(&mut self, http: &Client) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.failure(&format!("stopped during its start ({status})")));
            }
            let ready = http
                .get(&self.spec.ready_url)
                .timeout(Duration::from_secs(2))
                .send()
                .await;
            if ready.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            if started.elapsed() > START_LIMIT {
                return Err(
                    self.failure(&format!("is not ready after {} s", START_LIMIT.as_secs()))
                );
            }
            sleep(POLL).await;
        }
    }

    fn failure(&self, what: &str) -> anyhow::Error {
        let text = std::fs::read_to_string(&self.spec.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines
            .get(lines.len().saturating_sub(QUOTED_LINES)..)
            .unwrap_or_default()
            .join("\n  ");
        anyhow!(
            "{} {what}; its log is {}, which ends:\n  {last}",
            self.spec.name,
            self.spec.log.display()
        )
    }

    /// Kills it.
    pub(crate) async fn crash(mut self) -> anyhow::Result<()> {
        self.child
            .kill()
            .await
            .with_context(|| format!("killing {}", self.spec.name))
    }

    /// Suspends it: its connections stay open, and it does not answer.
    pub(crate) fn hang(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)?;
        // A thread on another processor may answer once more before the signal reaches it.
        let process = Pid::from_raw(self.process()?.try_into()?);
        let stopped = waitid(
            Id::Pid(process),
            WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT,
        );
        stopped
            .map(drop)
            .with_context(|| format!("waiting for {} to stop", self.spec.name))
    }

    /// Resumes it.
    pub(crate) fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Its process id.
    pub fn process(&self) -> anyhow::Result<u32> {
        self.child
            .id()
            .with_context(|| format!("{} has ended", self.spec.name))
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let Some(id) = self.child.id() else {
            bail!(self.failure("had stopped already"))
        };
        kill(Pid::from_raw(id.try_into()?), signal)
            .with_context(|| format!("signalling {}", self.spec.name))
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(mut self) -> anyhow::Result<()> {
        let ended = timeout(START_LIMIT, self.child.wait()).await;
        ended
            .with_context(|| format!("{} has not ended", self.spec.name))?
            .map(drop)
            .context("waiting")
    }

    /// Tells the process to drain and waits until it has ended.
    pub async fn stop(mut self) -> anyhow::Result<ProgramSpec> {
        self.signal(Signal::SIGTERM)?;
        match timeout(STOP_LIMIT, self.child.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => {
                Ok(self.spec.clone())
            }
            Ok(status) => Err(self.failure(&format!("did not stop cleanly ({})", status?))),
            Err(_) => Err(self.failure(&format!("did not stop within {} s", STOP_LIMIT.as_secs()))),
        }
    }
}
