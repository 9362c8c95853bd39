use std::sync::Once;
use std::time::Instant;

use sqlx::Any;
use sqlx::pool::PoolConnection;

use crate::pools::Pools;
use crate::{Backend, DatabaseMetrics, DatabaseSettings, Schema, postgres, sqlite};

/// A connection for queries.
pub type Connection = PoolConnection<Any>;
/// A transaction. It is rolled back unless it is committed.
pub type Transaction = sqlx::Transaction<'static, Any>;

/// The open database of one service. Clones share it.
#[derive(Clone, Debug)]
pub struct Database {
    backend: Backend,
    pools: Pools,
    metrics: DatabaseMetrics,
}

impl Database {
    /// Opens the database and migrates its schema. Several replicas may start at once.
    pub async fn open(
        settings: &DatabaseSettings,
        schema: &Schema,
        metrics: DatabaseMetrics,
    ) -> anyhow::Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let connections = settings.database_connections.get();
        let (backend, pools) = match (&settings.database_url, &settings.data_dir) {
            (Some(url), _) => (
                Backend::Postgres,
                postgres::open(url, schema, connections).await?,
            ),
            (None, Some(data_dir)) => (
                Backend::Sqlite,
                sqlite::open(data_dir, schema, connections).await?,
            ),
            (None, None) => anyhow::bail!(
                "--data-dir: give a directory for SQLite, or --database-url for PostgreSQL"
            ),
        };
        metrics.watch(backend, &pools);
        Ok(Self {
            backend,
            pools,
            metrics,
        })
    }

    /// The kind of database.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// A connection for queries. It waits up to 5 s for a free one.
    pub async fn read(&self) -> sqlx::Result<Connection> {
        let started = Instant::now();
        let connection = self.pools.readers.acquire().await;
        self.metrics.acquired(started.elapsed(), connection.is_ok());
        connection
    }

    /// A transaction that may change rows.
    ///
    /// On SQLite it holds the write lock from the start. A transaction that began as a reader would
    /// fail to write after another writer (`SQLITE_BUSY_SNAPSHOT`), and waiting would not help.
    pub async fn write(&self) -> sqlx::Result<Transaction> {
        let started = Instant::now();
        let transaction = match self.backend {
            Backend::Sqlite => self.pools.writers.begin_with("BEGIN IMMEDIATE").await,
            Backend::Postgres => self.pools.writers.begin().await,
        };
        self.metrics
            .acquired(started.elapsed(), transaction.is_ok());
        transaction
    }

    /// Fails unless the database can read a table.
    pub(crate) async fn ping(&self) -> sqlx::Result<()> {
        let mut connection = self.pools.readers.acquire().await?;
        sqlx::query("SELECT version FROM _sqlx_migrations LIMIT 1")
            .fetch_optional(&mut *connection)
            .await
            .map(drop)
    }

    /// Closes every connection. It waits for those in use to be returned.
    pub async fn close(&self) {
        self.pools.writers.close().await;
        self.pools.readers.close().await;
    }
}
