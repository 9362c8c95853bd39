//! A PostgreSQL server of its own, in a temporary folder and on a Unix socket, for tests and the
//! development stack.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let url = dev_postgres::shared()?.create_database().await?; // empty, and of this test alone
//! # Ok(())
//! # }
//! ```

mod owner;
mod programs;
mod server;

pub use server::{Postgres, shared};
