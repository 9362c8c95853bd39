use std::time::Duration;

use dev_postgres::Postgres;
use portcullis_database::{Database, DatabaseMetrics, DatabaseSettings, query_failed};
use portcullis_runtime::{Process, Registry};

use crate::schema::schema;

#[tokio::test]
async fn not_ready_while_the_database_does_not_answer() {
    let server = Postgres::start().unwrap();
    let settings = DatabaseSettings::at(server.create_database().await.unwrap().parse().unwrap());
    let mut registry = Registry::default();
    let database = Database::open(&settings, &schema(), DatabaseMetrics::register(&mut registry)).await.unwrap();
    let process = Process::detached();
    let mut changes = process.readiness().changes();
    database.watch(&process);
    assert!(database.write().await.is_ok());
    assert!(process.readiness().pending().is_empty());

    drop(server);
    tokio::time::timeout(Duration::from_secs(30), changes.changed()).await.unwrap().unwrap();
    assert_eq!(process.readiness().pending(), ["database"]);
    let problem = query_failed(database.write().await.unwrap_err());
    assert_eq!((problem.status(), problem.reason()), (503, "database_unavailable"));

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
