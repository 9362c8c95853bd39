//! Opens an SQLite file.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, ConnectOptions, Executor};
use tokio::task::spawn_blocking;
use url::Url;

use crate::Schema;
use crate::migrate::migrate;
use crate::pools::Pools;

const WAIT: Duration = Duration::from_secs(5);
/// Settings of each connection.
///
/// Writers of this process queue for their one connection. `busy_timeout` is for writers of another
/// process, as in a rolling restart. With `synchronous = FULL` an acknowledged commit survives a
/// power cut, at the price of an fsync.
const CONNECTION: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON;";

pub(crate) async fn open(
    data_dir: &Path,
    schema: &Schema,
    connections: u32,
) -> anyhow::Result<Pools> {
    let shown = data_dir.display();
    tokio::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .await
        .with_context(|| {
            format!(
                "--data-dir {shown}: cannot be created; choose a directory that this user may write"
            )
        })?;
    let file = schema.file();
    let _migrating = lock(data_dir.join(format!("{file}.migrating")))
        .await
        .with_context(|| {
            format!(
                "--data-dir {shown}: {file}.migrating cannot be locked; \
             give this user write permission for it"
            )
        })?;
    let options = AnyConnectOptions::from_url(&url_of(&data_dir.join(&file))?)?;
    let open = async {
        let writers = pool(&options, 1).await?;
        let mut connection = writers.acquire().await?;
        anyhow::Ok((
            writers,
            pool(&options, connections).await?,
            migrate(&mut connection, &schema.sqlite).await,
        ))
    };
    let (writers, readers, migrated) = open.await.with_context(|| {
        format!(
            "--data-dir {shown}: {file} cannot be opened; \
             give this user write permission for both"
        )
    })?;
    migrated.with_context(|| format!("--data-dir {shown}: {file}"))?;
    Ok(Pools { readers, writers })
}

/// The URL of an SQLite file, because `sqlx::Any` opens by URL.
///
/// `SqliteConnectOptions::to_url_lossy` does not encode a `%` in the path, which is then decoded.
fn url_of(path: &Path) -> anyhow::Result<Url> {
    let encoded = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
    Ok(Url::parse(&format!("sqlite:{encoded}?mode=rwc"))?)
}

/// Locks the file at `path` until it is dropped.
///
/// SQLite has no lock for migrations, and two processes would both apply one.
async fn lock(path: std::path::PathBuf) -> anyhow::Result<File> {
    spawn_blocking(move || {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        file.lock()?;
        Ok(file)
    })
    .await?
}

async fn pool(options: &AnyConnectOptions, connections: u32) -> sqlx::Result<AnyPool> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT)
        // Connections to a file do not break, unlike those to a server.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(CONNECTION).await.map(drop) })
        })
        .connect_with(options.clone())
        .await
}
