//! Where a service keeps its data: an SQLite file by default, PostgreSQL for several replicas,
//! behind one API.
//!
//! ```text
//! DatabaseSettings ─┐
//! Schema ───────────┼─▶ Database::open ─▶ read()   a connection, for queries
//! DatabaseMetrics ──┘   (migrates)        write()  a transaction, which alone may change rows
//!                       Database::start: the same, and waits for a server that does not answer
//!                                         watch()  readiness: "the database answers"
//! ```
//!
//! Both speak through `sqlx::Any`, so that each query is written and tested once. What differs
//! stays small: placeholders are `$1` in both, yes and no are `INTEGER` 0 and 1 (SQLite has no
//! other type for them), numbers are `BIGINT`, and [`Database::backend`] tells where a statement
//! needs a clause of its own.

mod backend;
mod column;
mod database;
mod metrics;
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
