//! Limits on the number and duration of requests in a service.
//!
//! Too many or too slow requests fail themselves and do not take the service down.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use portcullis_reason_codes::{REQUEST_TIMEOUT, ReasonCode, SERVICE_BUSY};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::Problem;
use crate::request_metrics::RequestMetrics;

/// Settings that limit the requests of an HTTP service.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct RequestLimits {
    /// Maximum number of requests in hand. More requests are answered with 503 at once, so that
    /// they do not queue.
    #[arg(
        long,
        env = "MAX_REQUESTS",
        value_name = "NUMBER",
        default_value_t = 512,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub max_requests: u32,
    /// Maximum time for one request, from its first byte to its response.
    #[arg(
        long,
        env = "REQUEST_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = humantime::parse_duration
    )]
    pub request_timeout: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_requests: 512,
            request_timeout: Duration::from_secs(10),
        }
    }
}

/// The limits of one service, counted over all of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    free: Arc<Semaphore>,
    request_timeout: Duration,
    metrics: RequestMetrics,
}

impl Bounds {
    pub(crate) fn new(limits: &RequestLimits, metrics: RequestMetrics) -> Self {
        // A u32 fits wherever this runs.
        let requests = usize::try_from(limits.max_requests).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(requests)),
            request_timeout: limits.request_timeout,
            metrics,
        }
    }
}

/// Answers requests beyond the limits with 503.
///
/// A request that takes too long is dropped, and its database transaction with it.
pub(crate) async fn bound(
    State(bounds): State<Bounds>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Ok(_permit) = bounds.free.try_acquire() else {
        bounds.metrics.refused("busy");
        let detail =
            "the service has its maximum number of requests in hand; try again in a moment";
        return Err(try_again(SERVICE_BUSY, detail));
    };
    timeout(bounds.request_timeout, next.run(request))
        .await
        .map_err(|_elapsed| {
            bounds.metrics.refused("timeout");
            let detail = "the request took too long and was dropped; \
                      try again, with the same Idempotency-Key if it had one";
            try_again(REQUEST_TIMEOUT, detail)
        })
}

fn try_again(reason: ReasonCode, detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason, detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
