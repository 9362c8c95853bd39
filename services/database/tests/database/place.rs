use portcullis_database::{Backend, Database, DatabaseMetrics, DatabaseSettings, Schema};
use tempfile::TempDir;

/// A database of one test.
pub(crate) struct Place {
    pub(crate) settings: DatabaseSettings,
    _directory: Option<TempDir>,
}

pub(crate) fn schema() -> Schema {
    Schema {
        service: "sample-service",
        sqlite: sqlx::migrate!("tests/database/migrations/sqlite"),
        postgres: sqlx::migrate!("tests/database/migrations/postgres"),
    }
}

impl Place {
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                Self { settings: DatabaseSettings::in_directory(directory.path()), _directory: Some(directory) }
            }
            Backend::Postgres => {
                let url = dev_postgres::shared().unwrap().create_database().await.unwrap();
                Self { settings: DatabaseSettings::at(url.parse().unwrap()), _directory: None }
            }
        }
    }

    pub(crate) async fn open(&self) -> Database {
        Database::open(&self.settings, &schema(), DatabaseMetrics::default()).await.unwrap()
    }
}

/// One test for each backend.
macro_rules! on_both {
    ($($name:ident($place:ident) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs everything")]
            use super::*;
            async fn check($place: crate::place::Place) $body
            #[tokio::test]
            async fn sqlite() {
                check(crate::place::Place::new(portcullis_database::Backend::Sqlite).await).await;
            }
            #[tokio::test]
            async fn postgres() {
                check(crate::place::Place::new(portcullis_database::Backend::Postgres).await).await;
            }
        }
    )+ };
}
pub(crate) use on_both;
