//! The SQLite file that outlives the process, so that scale-to-zero loses nothing.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use portcullis_runtime::Problem;
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

/// A failed query is a fault of this service, whatever the client sent.
#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` calls")]
#[must_use]
pub fn query_failed(error: sqlx::Error) -> Problem {
    Problem::internal(&error)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::migrate::Migrator;

    use super::open_database;

    async fn error_of(data_dir: &Path) -> String {
        open_database(data_dir, "sample.sqlite", &Migrator::DEFAULT).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_made_names_the_flag() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = error_of(&file.path().join("data")).await;
        assert!(error.starts_with("--data-dir "), "{error}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_names_the_flag_and_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let text = "not a database, but long enough to look like one";
        std::fs::write(directory.path().join("sample.sqlite"), text).unwrap();
        let error = error_of(directory.path()).await;
        assert!(error.starts_with("--data-dir ") && error.contains("sample.sqlite"), "{error}");
    }
}
