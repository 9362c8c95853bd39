//! Opens a PostgreSQL database, which several replicas may share.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions, Executor};

use crate::migrate::migrate;
use crate::pools::Pools;
use crate::{DatabaseUrl, Schema};

const WAIT: Duration = Duration::from_secs(5);
/// Key of the advisory lock, the same for every replica: "portcull" in ASCII.
const MIGRATION_LOCK: i64 = 0x706f_7274_6375_6c6c;

pub(crate) async fn open(
    url: &DatabaseUrl,
    schema: &Schema,
    connections: u32,
) -> anyhow::Result<Pools> {
    let place = url.place();
    let pool = pool(url, schema, connections).await.with_context(|| {
        format!(
            "--database-url {place}: cannot be opened; \
             check host, database, user, password and sslmode"
        )
    })?;
    let mut connection = pool
        .acquire()
        .await
        .with_context(|| format!("--database-url {place}"))?;
    prepare(&mut connection, schema)
        .await
        .with_context(|| format!("--database-url {place}"))?;
    drop(connection);
    Ok(Pools {
        readers: pool.clone(),
        writers: pool,
    })
}

/// Opens the connection pool of `schema`.
///
/// Each service has a PostgreSQL schema of its own, so that several may share a database. The
/// timeouts end what a crash or a bug leaves behind: a silent session that holds locks, or a
/// statement without end.
async fn pool(url: &DatabaseUrl, schema: &Schema, connections: u32) -> sqlx::Result<AnyPool> {
    let settings: Arc<str> = format!(
        "SET search_path = {}; SET statement_timeout = '15s'; \
         SET idle_in_transaction_session_timeout = '15s'",
        schema.postgres_schema()
    )
    .into();
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT)
        .after_connect(move |connection, _| {
            let settings = AssertSqlSafe(settings.to_string());
            Box::pin(async move { connection.execute(settings).await.map(drop) })
        })
        .connect_with(AnyConnectOptions::from_url(url.reveal())?)
        .await
}

/// Creates and migrates the schema, one replica at a time.
///
/// `CREATE SCHEMA IF NOT EXISTS` fails if two replicas run it at once, and so does a migration. The
/// lock ends with its session, also if the replica dies.
async fn prepare(connection: &mut AnyConnection, schema: &Schema) -> anyhow::Result<()> {
    // A migration may take longer than the timeout, and so may the wait for another replica's.
    connection.execute("SET statement_timeout = 0").await?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *connection)
        .await?;
    let migrated = async {
        let create = format!("CREATE SCHEMA IF NOT EXISTS {}", schema.postgres_schema());
        connection
            .execute(AssertSqlSafe(create))
            .await
            .context("cannot create its schema")?;
        migrate(connection, &schema.postgres).await
    }
    .await;
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *connection)
        .await?;
    connection.execute("SET statement_timeout = '15s'").await?;
    migrated
}
