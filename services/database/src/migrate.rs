use anyhow::Context;
use sqlx::AnyConnection;
use sqlx::migrate::Migrator;

/// Migrates the schema on one connection. The caller must hold a lock.
pub(crate) async fn migrate(
    connection: &mut AnyConnection,
    migrator: &Migrator,
) -> anyhow::Result<()> {
    migrator
        .run(connection)
        .await
        .context("cannot migrate its schema")
}
