//! The service behind the gateway: it answers every request with the canary that it came with, and
//! keeps what it saw.
//!
//! ```text
//! gateway ─ HTTP/1.1 ─▶ connection ─ head, body ─▶ axum router ─▶ which handler matched
//!                            └──────── lines with a canary ──────▶ Records ◀─ GET, DELETE /records ─ the runner
//! ```
//!
//! It reads HTTP itself and leniently, since a tidy server would hide what a careless one behind
//! the same gateway would believe.

mod body;
mod connection;
mod handlers;
mod head;
mod line;
mod listener;
mod records;

use std::sync::Arc;

use tokio::net::TcpListener;

pub use handlers::Handlers;
pub use records::{Record, Records, Seen};

/// Paths as the services of this repository declare them.
pub const SAMPLE_HANDLERS: &[&str] = &[
    "/api/me",
    "/api/tasks",
    "/api/tasks/{id}",
    "/notify",
    "/notifications",
    "/audit",
];

/// An echo that is about to serve.
#[derive(Debug)]
pub struct Echo {
    /// Where the gateway sends requests.
    pub traffic: TcpListener,
    /// Where what was seen is asked for. The gateway must not lead here.
    pub records: TcpListener,
    /// What it matches paths with.
    pub handlers: Handlers,
}

impl Echo {
    /// Serves until a listener fails.
    pub async fn serve(self) -> std::io::Result<()> {
        let records = Arc::<Records>::default();
        let control = listener::serve(self.records, records::router(Arc::clone(&records)));
        tokio::try_join!(
            connection::accept(self.traffic, self.handlers, records),
            control
        )?;
        Ok(())
    }
}
