use portcullis_database::{Backend, Database, DatabaseMetrics, DatabaseSettings, Schema};
use tempfile::TempDir;

/// The database of one test, which outlives the services that use it.
#[derive(Debug)]
pub struct Place {
    pub settings: DatabaseSettings,
    schema: fn() -> Schema,
    _directory: Option<TempDir>,
}

impl Place {
    /// Creates an empty database of this kind, for the tables of `schema`.
    pub async fn new(backend: Backend, schema: fn() -> Schema) -> Self {
        match backend {
            Backend::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                let settings = DatabaseSettings::in_directory(directory.path());
                Self {
                    settings,
                    schema,
                    _directory: Some(directory),
                }
            }
            Backend::Postgres => {
                let url = dev_postgres::shared()
                    .unwrap()
                    .create_database()
                    .await
                    .unwrap();
                Self {
                    settings: DatabaseSettings::at(url.parse().unwrap()),
                    schema,
                    _directory: None,
                }
            }
        }
    }

    /// Opens it as a replica does.
    pub async fn open(&self) -> Database {
        Database::open(&self.settings, &(self.schema)(), DatabaseMetrics::default())
            .await
            .unwrap()
    }
}

/// Runs each test on each kind of database.
#[macro_export]
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($backend:ident) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs everything")]
            use super::*;
            $(#[$attribute])*
            async fn check($backend: $crate::Backend) $body
            #[tokio::test]
            async fn sqlite() {
                check($crate::Backend::Sqlite).await;
            }
            #[tokio::test]
            async fn postgres() {
                check($crate::Backend::Postgres).await;
            }
        }
    )+ };
}
