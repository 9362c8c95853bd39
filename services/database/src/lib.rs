//! Database of a service: an SQLite file by default, PostgreSQL for several replicas.
//!
//! ```text
//! DatabaseSettings ─┐
//! Schema ───────────┼─▶ Database::open ─▶ read()   a connection, for queries
//! DatabaseMetrics ──┘   (migrates)        write()  a transaction; only it may change rows
//!                       Database::start: the same, and waits for a server that does not answer
//!                                         watch()  readiness: "the database answers"
//! ```
//!
//! Both use `sqlx::Any`, so that each query is written and tested once. Placeholders are `$1` in
//! both, and numbers are `BIGINT`. Booleans are `INTEGER` 0 and 1, because SQLite has no boolean
//! type. [`Database::backend`] gives the clauses that only one of the two needs.

mod backend;
mod column;
mod database;
mod metrics;
mod migrate;
mod pools;
mod postgres;
mod query_failed;
mod schema;
mod settings;
mod sqlite;
mod start;
mod watch;

pub use backend::Backend;
pub use column::parsed;
pub use database::{Connection, Database, Transaction};
pub use metrics::DatabaseMetrics;
pub use query_failed::query_failed;
pub use schema::{Schema, migrations};
pub use settings::{DatabaseSettings, DatabaseUrl};
