//! Metrics of every request: rate, errors and duration, by the route's pattern.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Buckets in seconds, from a response out of memory to the longest request.
const BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 2.0, 10.0,
];

/// Labels of a request, all with few values.
///
/// The route is a pattern and never a path. The method is one that HTTP defines, or `other`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct RequestMetrics {
    duration: Family<RequestLabels, Histogram, fn() -> Histogram>,
    in_hand: Gauge,
    refused: Family<ReasonLabels, Counter<u64, AtomicU64>>,
}

impl RequestMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            duration: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_hand: Gauge::default(),
            refused: Family::default(),
        };
        registry.register(
            "http_server_request_duration_seconds",
            "Duration of a request, by method, route and status",
            metrics.duration.clone(),
        );
        registry.register(
            "http_server_requests_in_hand",
            "Requests in hand",
            metrics.in_hand.clone(),
        );
        registry.register(
            "http_server_requests_refused",
            "Requests refused because too many were in hand, or dropped because they took too long",
            metrics.refused.clone(),
        );
        metrics
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabels { reason }).inc();
    }
}

/// Decrements the gauge when dropped, also if a client disconnects before its response.
struct InHand(Gauge);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.dec();
    }
}

pub(crate) async fn measure(
    State(metrics): State<RequestMetrics>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = method_label(request.method()).to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    metrics.in_hand.inc();
    let _in_hand = InHand(metrics.in_hand.clone());
    let response = next.run(request).await;
    let labels = RequestLabels {
        method,
        route,
        status: response.status().as_u16(),
    };
    metrics
        .duration
        .get_or_create(&labels)
        .observe(started.elapsed().as_secs_f64());
    response
}

/// The `method` label: `other` for invented methods, each of which would be a new time series.
fn method_label(method: &Method) -> &str {
    let defined = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];
    if defined.contains(method) {
        method.as_str()
    } else {
        "other"
    }
}
