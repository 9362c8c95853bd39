use portcullis_database::{Schema, migrations};

/// The service's name.
pub(crate) const NAME: &str = "notification";

/// The schema of the service's database.
#[must_use]
pub fn schema() -> Schema {
    Schema {
        service: NAME,
        sqlite: migrations([(
            1,
            "notifications",
            include_str!("../migrations/sqlite/0001_notifications.sql"),
        )]),
        postgres: migrations([(
            1,
            "notifications",
            include_str!("../migrations/postgres/0001_notifications.sql"),
        )]),
    }
}
