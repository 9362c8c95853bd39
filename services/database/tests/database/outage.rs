use std::time::Duration;

use dev_postgres::Postgres;
use portcullis_database::{Database, DatabaseMetrics, DatabaseSettings, query_failed};
use portcullis_runtime::{Process, Registry};
use tokio::time::timeout;

use crate::schema::schema;

#[tokio::test]
async fn process_is_unready_while_the_database_does_not_answer() {
    let server = Postgres::start().unwrap();
    let settings = DatabaseSettings::at(server.create_database().await.unwrap().parse().unwrap());
    let mut registry = Registry::default();
    let database = Database::open(
        &settings,
        &schema(),
        DatabaseMetrics::register(&mut registry),
    )
    .await
    .unwrap();
    let process = Process::detached();
    let mut changes = process.readiness().changes();
    database.watch(&process);
    assert!(database.write().await.is_ok());
    assert!(process.readiness().pending().is_empty());

    drop(server);
    tokio::time::timeout(Duration::from_secs(30), changes.changed())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(process.readiness().pending(), ["database"]);
    let problem = query_failed(database.write().await.unwrap_err());
    assert_eq!(
        (problem.status(), problem.reason()),
        (503, "database_unavailable")
    );

    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "portcullis_database_connections{pool=\"all\",state=\"limit\"} 8",
        "portcullis_database_wait_seconds_count 2",
        "portcullis_database_wait_failures_total 1",
    ] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }
}

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn start_waits_for_a_server_that_does_not_answer() {
    let server = Postgres::start().unwrap();
    let url = server.create_database().await.unwrap();
    let (base, folder) = url.split_once("?host=").unwrap();
    let place = tempfile::tempdir().unwrap();
    let later = place.path().join("later");
    let settings =
        DatabaseSettings::at(format!("{base}?host={}", later.display()).parse().unwrap());
    let process = Process::detached();
    let mut changes = process.readiness().changes();
    let schema = schema();
    let start = Database::start(&settings, &schema, DatabaseMetrics::default(), &process);
    let appears = async {
        timeout(PATIENCE, changes.changed()).await.unwrap().unwrap();
        let pending = process.readiness().pending().join("; ");
        assert!(
            pending.starts_with("database: --database-url localhost/"),
            "{pending}"
        );
        std::os::unix::fs::symlink(folder, &later).unwrap();
    };
    let (database, ()) = timeout(PATIENCE, async { tokio::join!(start, appears) })
        .await
        .unwrap();
    assert!(database.unwrap().unwrap().write().await.is_ok());
    assert!(process.readiness().pending().is_empty());
}

#[tokio::test]
async fn start_fails_at_once_with_wrong_settings() {
    let url = dev_postgres::shared()
        .unwrap()
        .create_database()
        .await
        .unwrap();
    let absent = url.replace("/test_", "/absent_");
    let settings = DatabaseSettings::at(absent.parse().unwrap());
    let process = Process::detached();
    let schema = schema();
    let start = Database::start(&settings, &schema, DatabaseMetrics::default(), &process);
    let error = timeout(PATIENCE, start).await.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("does not exist"), "{error:#}");
}
