use portcullis_database::Schema;

pub(crate) fn schema() -> Schema {
    Schema {
        service: "sample-service",
        sqlite: sqlx::migrate!("tests/database/migrations/sqlite"),
        postgres: sqlx::migrate!("tests/database/migrations/postgres"),
    }
}
