use std::time::Duration;

use dev_service::{Place, on_both};
use futures::future::join_all;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use crate::schema::schema;

#[derive(Debug, PartialEq, Eq)]
struct Thing {
    id: i64,
    name: String,
    note: Option<String>,
    done: i64,
}

impl FromRow<'_, AnyRow> for Thing {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            note: row.try_get("note")?,
            done: row.try_get("done")?,
        })
    }
}

const INSERT: &str =
    "INSERT INTO things (name, note, done) VALUES ($1, $2, $3) RETURNING id, name, note, done";

on_both! {
    async fn written_row_is_returned_and_read_unchanged(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let mut write = database.write().await.unwrap();
        let insert = sqlx::query(INSERT)
            .bind("größe")
            .bind(None::<String>)
            .bind(true);
        // PostgreSQL rejects a boolean for an INTEGER column, and SQLite accepts it.
        assert_eq!(
            insert.fetch_one(&mut *write).await.is_ok(),
            database.backend() == portcullis_database::Backend::Sqlite
        );
        drop(write);
        let mut write = database.write().await.unwrap();
        let insert = sqlx::query_as(INSERT)
            .bind("größe")
            .bind(None::<String>)
            .bind(1_i64);
        let written: Thing = insert.fetch_one(&mut *write).await.unwrap();
        write.commit().await.unwrap();
        let select = "SELECT id, name, note, done FROM things
            WHERE (CAST($1 AS TEXT) IS NULL OR name = $1) ORDER BY id";
        for filter in [None, Some("größe")] {
            let mut read = database.read().await.unwrap();
            let things: Vec<Thing> = sqlx::query_as(select)
                .bind(filter)
                .fetch_all(&mut *read)
                .await
                .unwrap();
            assert_eq!(
                things,
                [Thing {
                    id: written.id,
                    name: "größe".to_owned(),
                    note: None,
                    done: 1
                }]
            );
        }
    }

    async fn dropped_transaction_changes_nothing(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        let mut write = database.write().await.unwrap();
        sqlx::query("INSERT INTO things (name) VALUES ('a')")
            .execute(&mut *write)
            .await
            .unwrap();
        drop(write);
        let mut read = database.read().await.unwrap();
        let count = sqlx::query("SELECT COUNT(*) FROM things")
            .fetch_one(&mut *read)
            .await
            .unwrap();
        assert_eq!(count.get::<i64, _>(0), 0);
    }

    async fn duplicate_name_is_a_unique_violation(backend) {
        let place = Place::new(backend, schema).await;
        let database = place.open().await;
        for expected in [true, false] {
            let mut write = database.write().await.unwrap();
            let inserted = sqlx::query("INSERT INTO things (name) VALUES ('a')")
                .execute(&mut *write)
                .await;
            assert_eq!(inserted.is_ok(), expected);
            match inserted {
                Ok(_) => write.commit().await.unwrap(),
                Err(error) => assert!(
                    error.as_database_error().unwrap().is_unique_violation(),
                    "{error}"
                ),
            }
        }
    }

    async fn concurrent_writers_queue_without_errors(backend) {
        let place = Place::new(backend, schema).await;
        let one = place.open().await;
        let two = place.open().await;
        let writes = (0..200).map(|number| {
            let database = if number % 2 == 0 {
                one.clone()
            } else {
                two.clone()
            };
            async move {
                let mut write = database.write().await.unwrap();
                sqlx::query("SELECT COUNT(*) FROM things")
                    .fetch_one(&mut *write)
                    .await
                    .unwrap();
                sqlx::query("INSERT INTO things (name) VALUES ($1)")
                    .bind(number.to_string())
                    .execute(&mut *write)
                    .await
                    .unwrap();
                write.commit().await.unwrap();
            }
        });
        tokio::time::timeout(Duration::from_secs(30), join_all(writes))
            .await
            .unwrap();
        let mut read = one.read().await.unwrap();
        let count = sqlx::query("SELECT COUNT(*) FROM things")
            .fetch_one(&mut *read)
            .await
            .unwrap();
        assert_eq!(count.get::<i64, _>(0), 200);
    }
}
