use portcullis_database::{Schema, migrations};

/// The schema of the service's database.
#[must_use]
pub fn schema() -> Schema {
    Schema {
        service: "task-api",
        sqlite: migrations([
            (
                1,
                "tasks",
                include_str!("../migrations/sqlite/0001_tasks.sql"),
            ),
            (
                2,
                "outbox",
                include_str!("../migrations/sqlite/0002_outbox.sql"),
            ),
        ]),
        postgres: migrations([
            (
                1,
                "tasks",
                include_str!("../migrations/postgres/0001_tasks.sql"),
            ),
            (
                2,
                "outbox",
                include_str!("../migrations/postgres/0002_outbox.sql"),
            ),
        ]),
    }
}
