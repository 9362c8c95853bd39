//! The echo: a service that answers each request with its canary, and records it.
//!
//! ```text
//! gateway ─ HTTP/1.1 ─▶ connection ─ head, body ─▶ axum router ─▶ matched handler
//!                            └── lines with a canary ──▶ Records ◀─ /records ─ run
//! ```
//!
//! It parses HTTP itself and leniently, because a strict server would hide what a careless one
//! behind the same gateway would accept.

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

/// The paths of the sample services.
pub const SAMPLE_HANDLERS: &[&str] = &[
    "/api/me",
    "/api/tasks",
    "/api/tasks/{id}",
    "/notify",
    "/notifications",
    "/audit",
];

/// An echo with its bound listeners.
#[derive(Debug)]
pub struct Echo {
    /// The listener for requests of the gateway.
    pub traffic: TcpListener,
    /// The listener for the records. The gateway must not have a route to it.
    pub records: TcpListener,
    /// The handlers that match paths.
    pub handlers: Handlers,
}

impl Echo {
    /// Serves both listeners until one fails.
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
