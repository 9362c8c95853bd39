//! What the three services share, a microservice chassis: routes behind a guard, settings, and the
//! way from the start to the end of the drain.
//!
//! ```text
//! Service ─▶ Starting ─ open (database, guard) ─▶ Opened ─ serve until shutdown
//!            registers the metrics
//! serve: all of it, for a service with ServiceSettings that starts nothing else
//! ```

mod opened;
mod serve;
mod service;
mod settings;
mod starting;

pub use opened::Opened;
pub use serve::serve;
pub use service::Service;
pub use settings::{ServiceProgram, ServiceSettings};
pub use starting::{StartSettings, Starting};
