use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The tables of one service, as numbered migrations for each backend.
#[derive(Debug)]
pub struct Schema {
    /// The service's name, such as `task-api`.
    ///
    /// It names the SQLite file (`task-api.sqlite`) and the PostgreSQL schema (`task_api`).
    pub service: &'static str,
    /// The migrations for SQLite.
    pub sqlite: Migrator,
    /// The migrations for PostgreSQL.
    pub postgres: Migrator,
}

impl Schema {
    pub(crate) fn file(&self) -> String {
        format!("{}.sqlite", self.service)
    }

    /// An identifier that needs no quoting.
    pub(crate) fn postgres_schema(&self) -> String {
        self.service.replace('-', "_")
    }
}

/// Makes migrations of versions, descriptions and statements.
///
/// The statements of a released migration must never change: the database keeps a checksum of each
/// migration that ran, and fails to open if the checksum differs.
///
/// ```
/// let things = (1, "things", "CREATE TABLE things (id INTEGER PRIMARY KEY)");
/// let sqlite = portcullis_database::migrations([things]);
/// assert!(sqlite.version_exists(1));
/// ```
#[must_use]
pub fn migrations<const N: usize>(migrations: [(i64, &'static str, &'static str); N]) -> Migrator {
    let migration = |(version, description, statements): (i64, &'static str, &'static str)| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            SqlStr::from_static(statements),
            false,
        )
    };
    Migrator::with_migrations(migrations.into_iter().map(migration).collect())
}
