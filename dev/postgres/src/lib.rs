//! A private PostgreSQL server for tests, in a temporary folder and on a Unix socket.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let url = dev_postgres::shared()?.create_database().await?; // an empty database
//! # Ok(())
//! # }
//! ```

mod owner;
mod programs;
mod server;

pub use server::{Postgres, shared};
