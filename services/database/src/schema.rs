use sqlx::migrate::Migrator;

/// The tables of one service, as numbered migrations for each backend.
#[derive(Debug)]
pub struct Schema {
    /// The service's name, which its file (`task-api.sqlite`) or its PostgreSQL schema (`task_api`) takes.
    pub service: &'static str,
    /// `sqlx::migrate!("migrations/sqlite")`
    pub sqlite: Migrator,
    /// `sqlx::migrate!("migrations/postgres")`
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
