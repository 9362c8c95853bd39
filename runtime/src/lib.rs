//! Runtime of every Portcullis program: each starts, reports its health and stops the same way.
//!
//! ```text
//! main ── run ──▶ settings (flags + environment, every error at once, exit 64)
//!            ├──▶ telemetry (JSON or pretty logs on standard output), traces (OTLP)
//!            ├──▶ operations listener: /livez /readyz /metrics, on a port of its own
//!            └──▶ the program ── serves until SIGTERM, then drains
//! ```

mod bounded_text;
mod connections;
mod document;
mod exit;
mod expired_certificates;
mod http_service;
mod idempotency_key;
mod json_body;
mod keyed_hash;
mod listener;
mod operations;
mod outbound;
mod page;
mod problem;
mod problem_responses;
mod process;
mod query;
mod readiness;
mod reference;
mod rejected_field;
mod request_limits;
mod request_log;
mod request_metrics;
mod retry_after;
mod secret_file;
mod serve;
mod settings;
mod telemetry;
mod traces;

pub use bounded_text::{BoundedText, timestamp_schema};
pub use connections::ConnectionLimits;
pub use document::document;
pub use exit::{EXIT_INVALID, EXIT_USAGE, OutputFormat, print};
pub use expired_certificates::warn_of_expired_certificates;
pub use http_service::{HttpService, described};
pub use idempotency_key::{IDEMPOTENCY_KEY, IdempotencyKey};
pub use json_body::JsonBody;
pub use keyed_hash::{KeyedHash, NoRandomNumbers};
pub use listener::{InvalidListenAddress, ListenAddress, Listener, Stream, bind};
pub use outbound::{OutboundSettings, http_client};
pub use page::{Page, PageSize};
pub use problem::{PROBLEM_JSON, Problem};
pub use problem_responses::{BodyProblemResponses, ProblemResponses};
pub use process::{Process, parse, run, run_with};
pub use query::Query;
pub use readiness::{PartState, PendingTask, Readiness, watch_part};
pub use reference::{reference, reference_command};
pub use request_limits::RequestLimits;
pub use request_log::{REQUEST_ID, request_id};
pub use retry_after::retry_after;
pub use secret_file::{read_secret, warn_if_others_can_read};
pub use serve::{serve_http, serve_http_to_few, serve_http2, serve_https};
pub use settings::{
    Arguments, CommonSettings, InvalidSettings, LogFormat, Settings, command,
    settings_without_example,
};

/// Runs futures in a span: `with_context`, or `with_current_context` for spawned futures.
pub use opentelemetry::trace::FutureExt as TraceFuture;
/// The registry to which a program adds its metrics while it starts.
pub use prometheus_client::registry::Registry;
pub use traces::{TraceSpan, note_in_trace, trace_headers, traces_are_recorded};
