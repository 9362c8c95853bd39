//! One log line and one span for each request.
//!
//! They contain neither query nor body, which are the caller's data.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName};
use opentelemetry::trace::FutureExt;

use crate::{Problem, TraceSpan};

/// The name of the header that carries the gateway's id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Maximum length of a request id. Envoy sends a UUID; a way round the gateway could send anything.
const REQUEST_ID_MAX_LEN: usize = 128;

/// The gateway's id of this request, if it is a readable string of bounded length.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    (!id.is_empty() && id.len() <= REQUEST_ID_MAX_LEN).then_some(id)
}

/// Logs the method, matched route, status and duration of a request.
///
/// It also adds the request's id to the body of a problem.
pub(crate) async fn log_request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The route's pattern instead of the path: patterns are few and hold no data of callers.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let request_id = request_id(request.headers()).map(str::to_owned);
    let span = TraceSpan::of_request(|| format!("{method} {route}"), request.headers());
    let mut response = next.run(request).with_context(span.context()).await;
    if let (Some(id), Some(problem)) = (&request_id, response.extensions_mut().remove::<Problem>())
    {
        *response.body_mut() = Body::from(problem.with_request_id(id).to_json());
    }
    let status = response.status();
    span.note(|| {
        [
            ("http.request.method", method.to_string().into()),
            ("http.route", route.to_owned().into()),
            (
                "http.response.status_code",
                i64::from(status.as_u16()).into(),
            ),
        ]
    });
    if status.is_server_error() {
        span.failed("the response is a server error");
    }
    tracing::info!(
        %method,
        route,
        status = status.as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_id = request_id.as_deref(),
        trace_id = span.trace_id(),
        "request"
    );
    response
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{REQUEST_ID, REQUEST_ID_MAX_LEN, request_id};

    #[test]
    fn request_id_oversized_or_unreadable_is_omitted() {
        let id_of = |value: HeaderValue| {
            request_id(&HeaderMap::from_iter([(REQUEST_ID, value)])).map(str::to_owned)
        };
        assert_eq!(
            id_of(HeaderValue::from_static("7f3c")),
            Some("7f3c".to_owned())
        );
        assert_eq!(
            id_of("x".repeat(REQUEST_ID_MAX_LEN + 1).parse().unwrap()),
            None
        );
        assert_eq!(id_of(HeaderValue::from_bytes(b"\xff").unwrap()), None);
    }
}
