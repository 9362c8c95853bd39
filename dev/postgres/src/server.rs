use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::owner::Owner;
use crate::programs;

const USER: &str = "portcullis";
/// Maximum time of a start. Far longer than a start takes, so that only a server that hangs meets
/// it.
const START_LIMIT: Duration = Duration::from_mins(1);
/// A database of tests need not survive a power cut. Many pools share it, so many connections are
/// allowed.
const SETTINGS: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c listen_addresses= -c max_connections=400 -c shared_buffers=64MB \
    -c log_min_messages=warning";
/// Shell script that runs the server and ends it when its own standard input closes. The pipe
/// closes however the test ends.
const SUPERVISOR: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" $3 >"$2/log" 2>&1 &
read -r _
kill -QUIT $! 2>/dev/null
wait
rm -rf "$2"
"#;

/// A running server. It stops and removes its files when this is dropped or the process ends, even
/// by a crash.
#[derive(Debug)]
pub struct Postgres {
    supervisor: Child,
    folder: TempDir,
}

/// The server that all tests of one process share. Each test creates its own databases.
pub fn shared() -> anyhow::Result<&'static Postgres> {
    static STARTING: Mutex<()> = Mutex::new(());
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    match SERVER.get() {
        Some(server) => Ok(server),
        None => Postgres::start().map(|server| SERVER.get_or_init(|| server)),
    }
}

impl Postgres {
    /// Starts a server. Blocks for about a second, until `initdb` is done.
    pub fn start() -> anyhow::Result<Self> {
        let programs = programs::folder()?;
        let owner = Owner::choose()?;
        let folder = tempfile::Builder::new()
            .prefix("pg-")
            .tempdir()
            .context("a folder for PostgreSQL")?;
        owner.give(folder.path())?;
        init(&programs, folder.path(), owner)?;
        let mut command = Command::new("sh");
        command
            .args(["-c", SUPERVISOR, "sh"])
            .arg(&programs)
            .arg(folder.path())
            .arg(SETTINGS);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir(folder.path());
        let supervisor = owner
            .run(&mut command)
            .spawn()
            .context("starting PostgreSQL")?;
        Ok(Self { supervisor, folder })
    }

    /// Creates an empty database and returns its URL.
    pub async fn create_database(&self) -> anyhow::Result<String> {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut server = tokio::time::timeout(START_LIMIT, self.connect())
            .await
            .with_context(|| {
                let log =
                    std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                format!("PostgreSQL does not answer; its log:\n{log}")
            })??;
        server
            .execute(AssertSqlSafe(format!(
                "CREATE DATABASE {name} TEMPLATE template0"
            )))
            .await?;
        Ok(self.url(&name))
    }

    fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}@localhost/{database}?host={}",
            self.folder.path().display()
        )
    }

    async fn connect(&self) -> anyhow::Result<PgConnection> {
        loop {
            match PgConnection::connect(&self.url("postgres")).await {
                Ok(connection) => return Ok(connection),
                // The socket appears when the server listens. Connections fail until it has
                // started.
                Err(sqlx::Error::Io(_) | sqlx::Error::Database(_)) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error).context("connecting to PostgreSQL"),
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // Only its end matters, not its exit status.
        let _ended = self.supervisor.wait();
    }
}

fn init(programs: &Path, folder: &Path, owner: Owner) -> anyhow::Result<()> {
    let mut command = Command::new(programs.join("initdb"));
    command.args([
        "--no-sync",
        "--no-instructions",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ]);
    command
        .arg(format!("--username={USER}"))
        .arg("--pgdata")
        .arg(folder.join("data"))
        .current_dir(folder);
    let output = owner
        .run(&mut command)
        .output()
        .context("initdb: cannot be run")?;
    ensure!(
        output.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
