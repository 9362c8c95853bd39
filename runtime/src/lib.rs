//! What every Portcullis program shares, so that each is started, watched and stopped in one way.
//!
//! ```text
//! main ── run ──▶ settings (flags + environment, every error at once, exit 64)
//!            ├──▶ telemetry (JSON or pretty logs on standard output)
//!            ├──▶ operations listener: /livez /readyz /metrics, on a port of its own
//!            └──▶ the program ── serves until SIGTERM, then drains
//! ```

mod bounded_text;
mod http_service;
mod listener;
mod operations;
mod outbound;
mod problem;
mod process;
mod readiness;
mod request_log;
mod settings;
mod telemetry;

pub use bounded_text::BoundedText;
pub use http_service::http_service;
pub use listener::{bind, serve_http};
pub use outbound::{OutboundSettings, http_client};
pub use problem::{Body as JsonBody, PROBLEM_JSON, Problem};
pub use process::{Process, parse, run, run_with};
pub use readiness::{PendingTask, Readiness};
pub use request_log::{REQUEST_ID, request_id};
pub use settings::{Arguments, CommonSettings, InvalidSettings, LogFormat, Settings, command};

/// The registry that metrics are added to while a program starts.
pub use prometheus_client::registry::Registry;
