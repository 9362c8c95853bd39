use portcullis_database::{Schema, migrations};

pub(crate) fn schema() -> Schema {
    Schema {
        service: "sample-service",
        sqlite: migrations([
            (
                1,
                "things",
                include_str!("migrations/sqlite/0001_things.sql"),
            ),
            (2, "names", include_str!("migrations/sqlite/0002_names.sql")),
        ]),
        postgres: migrations([
            (
                1,
                "things",
                include_str!("migrations/postgres/0001_things.sql"),
            ),
            (
                2,
                "names",
                include_str!("migrations/postgres/0002_names.sql"),
            ),
        ]),
    }
}
