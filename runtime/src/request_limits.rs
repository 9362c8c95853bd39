//! Bounds on what a service has in hand, so that too many requests, or slow ones, cost those
//! requests and not the service.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::Problem;
use crate::request_metrics::RequestMetrics;

/// Settings of an HTTP service that bound its work.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct RequestLimits {
    /// Requests in hand at once; more are answered 503 at once, so that they don't pile up.
    #[arg(long, env = "MAX_REQUESTS", value_name = "NUMBER", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_requests: u32,
    /// Longest time for one request, from its first byte to its answer.
    #[arg(long, env = "REQUEST_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
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

/// Refuses at once what is too much, and cuts what takes too long. The work in hand is dropped, and
/// with it its transaction.
pub(crate) async fn bound(
    State(bounds): State<Bounds>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Ok(_permit) = bounds.free.try_acquire() else {
        bounds.metrics.refused("busy");
        let detail = "the service has as many requests in hand as it takes; try again in a moment";
        return Err(try_again("service_busy", detail));
    };
    timeout(bounds.request_timeout, next.run(request)).await.map_err(|_elapsed| {
        bounds.metrics.refused("timeout");
        let detail =
            "the request took too long and was dropped; try again, with the same Idempotency-Key if it had one";
        try_again("request_timeout", detail)
    })
}

fn try_again(reason: &str, detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason, detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
