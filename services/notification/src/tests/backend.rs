use portcullis_database::{Backend, Database, DatabaseMetrics, DatabaseSettings};
use tempfile::TempDir;

/// A database of one test.
pub(crate) struct Place {
    settings: DatabaseSettings,
    _directory: Option<TempDir>,
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

    /// Opens it as a replica does.
    pub(crate) async fn open(&self) -> Database {
        Database::open(&self.settings, &crate::schema(), DatabaseMetrics::default()).await.unwrap()
    }
}

/// One test for each backend.
macro_rules! on_both {
    ($($name:ident($place:ident) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs everything")]
            use super::*;
            async fn check($place: crate::tests::backend::Place) $body
            #[tokio::test]
            async fn sqlite() {
                check(crate::tests::backend::Place::new(portcullis_database::Backend::Sqlite).await).await;
            }
            #[tokio::test]
            async fn postgres() {
                check(crate::tests::backend::Place::new(portcullis_database::Backend::Postgres).await).await;
            }
        }
    )+ };
}
pub(crate) use on_both;
