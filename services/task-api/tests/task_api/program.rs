use std::path::{Path, PathBuf};
use std::process::Stdio;

use dev_entra::InProcess;
use dev_service::CONTOSO;
use dev_service::log::{self, PATIENCE};
use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::receivers::Receivers;

pub(crate) const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";
const ANY_PORT: &str = "127.0.0.1:0";

/// The database of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Storage<'a> {
    Sqlite,
    Postgres(&'a str),
}

/// A running program. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    /// A task that reads the output, so that the program never blocks on a full pipe.
    output: JoinHandle<String>,
    pub(crate) url: String,
}

/// The issuer, receivers and files that outlive the program.
pub(crate) struct Surroundings {
    pub(crate) issuer: InProcess,
    pub(crate) receivers: Receivers,
    directory: TempDir,
}

impl Surroundings {
    pub(crate) async fn new() -> Self {
        let issuer = InProcess::start().await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.authority_pem()).unwrap();
        Self {
            issuer,
            receivers: Receivers::start().await,
            directory,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The files of the SQLite database.
    pub(crate) fn data_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join("data")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn command(&self, storage: Storage<'_>, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_task-api"));
        command
            .env_clear()
            .env("AZURE_API_CLIENT_SECRET", "task-api-secret");
        command.args(["--listen", ANY_PORT, "--operations-listen", ANY_PORT]);
        command.args(["--home-tenant", CONTOSO, "--client-id", TASK_API]);
        command
            .args(["--authority", &self.issuer.authority()])
            .arg("--extra-ca")
            .arg(self.path().join("ca.pem"));
        command.args([
            "--notification-client-id",
            "3a5c0002-0000-4000-8000-000000000002",
        ]);
        command.args(["--audit-client-id", "3a5c0003-0000-4000-8000-000000000003"]);
        command.args([
            "--notification-url",
            &self.receivers.url,
            "--audit-url",
            &self.receivers.url,
        ]);
        match storage {
            Storage::Sqlite => command.arg("--data-dir").arg(self.path().join("data")),
            Storage::Postgres(url) => command.env("DATABASE_URL", url),
        };
        command
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        command
    }

    /// Starts the program and waits until it listens.
    pub(crate) async fn start(&self, storage: Storage<'_>, more: &[&str]) -> Program {
        let mut child = self.command(storage, more).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let entry = log::listening(&mut output).await;
        let url = format!("http://{}", entry["address"].as_str().unwrap());
        Program {
            child,
            output: tokio::spawn(all_of(output)),
            url,
        }
    }
}

async fn all_of(mut output: Lines<BufReader<ChildStdout>>) -> String {
    let mut text = String::new();
    while let Some(line) = output.next_line().await.unwrap() {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

impl Program {
    pub(crate) fn signal(&self, signal: Signal) {
        log::signal(&self.child, signal);
    }

    /// The program's exit code, and its output since it listened.
    pub(crate) async fn ended(mut self) -> (Option<i32>, String) {
        let ending = async {
            (
                self.child.wait().await.unwrap().code(),
                (&mut self.output).await.unwrap(),
            )
        };
        timeout(PATIENCE, ending)
            .await
            .expect("the program does not end")
    }
}
