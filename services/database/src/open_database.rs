//! The way that services opened their file before there was a choice; goes when the last one has moved to `Database`.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

/// SQLite has one writer; more connections than this only wait for each other.
const CONNECTIONS: u32 = 4;
const WAIT_FOR_WRITER: Duration = Duration::from_secs(5);

/// Opens the database `file` in `data_dir`, creating both when missing, and brings its schema up to date.
pub async fn open_database(data_dir: &Path, file: &str, schema: &Migrator) -> anyhow::Result<SqlitePool> {
    let shown = data_dir.display();
    tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).await.with_context(|| {
        format!("--data-dir {shown}: cannot be created; choose a directory that this user may write")
    })?;
    let options = SqliteConnectOptions::new()
        .filename(data_dir.join(file))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .busy_timeout(WAIT_FOR_WRITER);
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT_FOR_WRITER)
        .connect_with(options)
        .await
        .with_context(|| {
            format!("--data-dir {shown}: {file} cannot be opened; this user must be able to write both")
        })?;
    schema
        .run(&pool)
        .await
        .with_context(|| format!("--data-dir {shown}: the schema of {file} cannot be brought up to date"))?;
    Ok(pool)
}
