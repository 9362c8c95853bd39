use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::ports::PortChoice;

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

/// A real Redis or Valkey on a free port, without persistence. It is killed when this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    tls: Option<TlsFiles>,
    folder: TempDir,
    /// `None` while a test keeps it stopped.
    child: Option<Child>,
}

/// The server certificate and its key, as PEM files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The self-signed certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl RedisServer {
    /// Starts it without TLS.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(None).await
    }

    /// Starts it with TLS only.
    pub async fn start_with_tls(files: TlsFiles) -> anyhow::Result<Self> {
        Self::start_with(Some(files)).await
    }

    async fn start_with(tls: Option<TlsFiles>) -> anyhow::Result<Self> {
        let port = PortChoice::AnyFree.pick(6379)?;
        let mut server = Self {
            port,
            tls,
            folder: tempfile::tempdir()?,
            child: None,
        };
        server.start_again().await?;
        Ok(server)
    }

    /// Starts it on the same port, with an empty database.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let port = self.port.to_string();
        let mut command = Command::new(binary()?);
        command.args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
        ]);
        match &self.tls {
            None => command.args(["--port", &port]),
            Some(TlsFiles { certificate, key }) => command
                .args([
                    "--port",
                    "0",
                    "--tls-port",
                    &port,
                    "--tls-auth-clients",
                    "no",
                    "--tls-cert-file",
                ])
                .arg(certificate)
                .arg("--tls-key-file")
                .arg(key)
                .arg("--tls-ca-cert-file")
                .arg(certificate),
        };
        command.arg("--dir").arg(self.folder.path()).env_clear();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        self.child = Some(command.spawn().context("redis-server cannot be started")?);
        self.wait_until_it_answers().await
    }

    async fn wait_until_it_answers(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.answers().await {
            let child = self.child.as_mut().context("redis-server is not running")?;
            if let Some(status) = child.try_wait()? {
                bail!("redis-server stopped during its start ({status})");
            }
            ensure!(
                started.elapsed() < START_LIMIT,
                "redis-server does not answer"
            );
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Whether it answers a PING. With TLS, whether its port is open.
    async fn answers(&self) -> bool {
        let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)).await else {
            return false;
        };
        if self.tls.is_some() {
            return true;
        }
        let mut reply = [0; 5];
        connection.write_all(b"PING\r\n").await.is_ok()
            && connection.read_exact(&mut reply).await.is_ok()
            && reply.starts_with(b"+PONG")
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() {
            "rediss"
        } else {
            "redis"
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Kills it.
    pub async fn crash(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("redis-server is not running")?;
        child.kill().await.context("killing redis-server")
    }

    /// Suspends it: connections stay open, and it does not answer.
    pub fn hang(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Resumes it.
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = self
            .child
            .as_ref()
            .and_then(Child::id)
            .context("redis-server is not running")?;
        kill(Pid::from_raw(id.try_into()?), signal).context("signalling redis-server")
    }
}

/// `REDIS_SERVER`, or the first redis-server or valkey-server in `PATH`.
fn binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("REDIS_SERVER") {
        return Ok(path.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["redis-server", "valkey-server"];
    let found =
        std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
    let found = found.into_iter().find(|path| path.is_file());
    found.context("neither redis-server nor valkey-server is installed; run: dev/redis/obtain")
}
