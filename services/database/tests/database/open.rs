use std::path::Path;

use dev_service::{Place, on_both};
use futures::future::join_all;
use portcullis_database::{Database, DatabaseMetrics, DatabaseSettings, Schema};

use crate::schema::schema;

on_both! {
    async fn replicas_that_start_at_once_migrate_once(backend) {
        let place = Place::new(backend, schema).await;
        let replicas = join_all((0..8).map(|_| place.open())).await;
        for replica in &replicas {
            let mut write = replica.write().await.unwrap();
            let migrations: Vec<(i64,)> =
                sqlx::query_as("SELECT version FROM _sqlx_migrations ORDER BY version")
                    .fetch_all(&mut *write)
                    .await
                    .unwrap();
            assert_eq!(migrations, [(1,), (2,)]);
        }
    }

    async fn older_program_fails_to_open_a_newer_schema(backend) {
        let place = Place::new(backend, schema).await;
        drop(place.open().await);
        let mut older = schema();
        for migrator in [&mut older.sqlite, &mut older.postgres] {
            migrator.migrations.to_mut().pop();
        }
        let error = Database::open(&place.settings, &older, DatabaseMetrics::default())
            .await
            .unwrap_err();
        assert!(format!("{error:#}").contains("migration 2"), "{error:#}");
    }
}

async fn error_of(settings: &DatabaseSettings) -> String {
    format!(
        "{:#}",
        Database::open(settings, &schema(), DatabaseMetrics::default())
            .await
            .unwrap_err()
    )
}

#[tokio::test]
async fn services_that_share_a_postgresql_database_share_no_table() {
    let url = dev_postgres::shared()
        .unwrap()
        .create_database()
        .await
        .unwrap();
    let settings = DatabaseSettings::at(url.parse().unwrap());
    let other = Schema {
        service: "other",
        ..schema()
    };
    let one = Database::open(&settings, &schema(), DatabaseMetrics::default())
        .await
        .unwrap();
    let two = Database::open(&settings, &other, DatabaseMetrics::default())
        .await
        .unwrap();
    let mut write = one.write().await.unwrap();
    sqlx::query("INSERT INTO things (name) VALUES ('a')")
        .execute(&mut *write)
        .await
        .unwrap();
    write.commit().await.unwrap();
    let things = sqlx::query("SELECT id FROM things")
        .fetch_all(&mut *two.read().await.unwrap())
        .await
        .unwrap();
    assert!(things.is_empty());
}

#[tokio::test]
async fn unreachable_database_error_names_the_flag_and_not_the_password() {
    let settings = DatabaseSettings::at(
        "postgres://app:s3cret@localhost/nothing?host=/nowhere"
            .parse()
            .unwrap(),
    );
    let error = error_of(&settings).await;
    assert!(
        error.starts_with("--database-url localhost/nothing: ") && !error.contains("s3cret"),
        "{error}"
    );
}

#[tokio::test]
async fn uncreatable_directory_error_names_the_flag() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = error_of(&DatabaseSettings::in_directory(file.path().join("data"))).await;
    assert!(error.starts_with("--data-dir "), "{error}");
}

#[tokio::test]
async fn invalid_database_file_error_names_the_flag_and_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let text = "not a database, but long enough to look like one";
    std::fs::write(directory.path().join("sample-service.sqlite"), text).unwrap();
    let error = error_of(&DatabaseSettings::in_directory(directory.path())).await;
    assert!(
        error.starts_with("--data-dir ") && error.contains("sample-service.sqlite"),
        "{error}"
    );
}

#[tokio::test]
async fn data_dir_accepts_special_characters() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["with space", "100%", "a?b#c", "größe", "%41"] {
        let data_dir = directory.path().join(name);
        Database::open(
            &DatabaseSettings::in_directory(&data_dir),
            &schema(),
            DatabaseMetrics::default(),
        )
        .await
        .unwrap();
        assert!(
            Path::new(&data_dir).join("sample-service.sqlite").exists(),
            "{name}"
        );
    }
}
