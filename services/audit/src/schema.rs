use portcullis_database::{Schema, migrations};

/// The service's name.
pub(crate) const NAME: &str = "audit";

/// The schema of the service's database.
#[must_use]
pub fn schema() -> Schema {
    Schema {
        service: NAME,
        sqlite: migrations([(
            1,
            "entries",
            include_str!("../migrations/sqlite/0001_entries.sql"),
        )]),
        postgres: migrations([(
            1,
            "entries",
            include_str!("../migrations/postgres/0001_entries.sql"),
        )]),
    }
}
