use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The tables of one service, as numbered migrations for each backend.
#[derive(Debug)]
pub struct Schema {
    /// The service's name, which its file (`task-api.sqlite`) or its PostgreSQL schema (`task_api`)
    /// takes.
    pub service: &'static str,
    /// What SQLite runs.
    pub sqlite: Migrator,
    /// What PostgreSQL runs.
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

/// The migrations with these versions, descriptions and statements. The statements of one that has
/// been released never change: the database keeps a checksum of what it ran, and refuses another
/// text.
///
/// ```
/// let sqlite = portcullis_database::migrations([(1, "things", "CREATE TABLE things (id INTEGER PRIMARY KEY)")]);
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
