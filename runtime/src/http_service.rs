//! What every HTTP service has around its API: health, problems for what no route answers, a body limit and a log line per request.

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde::Serialize;

use crate::{Problem, request_log};

/// The largest request body. The largest of use is a form field of a few hundred characters.
const BODY_LIMIT: usize = 16 * 1024;

#[derive(Clone, Serialize)]
struct Health {
    status: &'static str,
    service: &'static str,
}

/// `api` as the service of this name: with a public `/health` and the rest that every service has.
pub fn http_service(name: &'static str, api: Router) -> Router {
    let health = Health { status: "healthy", service: name };
    api.route("/health", get(|| async { Json(health) }))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(request_log::log_request))
}

async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "route_not_found", "this service has no such path")
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}; the Allow header lists what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use http::{Request, StatusCode};
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::http_service;

    async fn answer(method: &str, path: &str) -> (StatusCode, Value, bool) {
        let service = http_service("sample", Router::new().route("/things", get(|| async { "things" })));
        let request = Request::builder().method(method).uri(path).header("x-request-id", "the-id").body(Body::empty());
        let response = service.oneshot(request.unwrap()).await.unwrap();
        let (status, allow) = (response.status(), response.headers().contains_key("allow"));
        (status, serde_json::from_slice(&to_bytes(response.into_body(), 4096).await.unwrap()).unwrap(), allow)
    }

    #[tokio::test]
    async fn health_is_public_and_what_no_route_answers_is_a_problem_with_the_requests_id() {
        assert_eq!(
            answer("GET", "/health").await,
            (StatusCode::OK, json!({"status": "healthy", "service": "sample"}), false)
        );
        for (method, path, status, reason, allow) in [
            ("GET", "/nothing", StatusCode::NOT_FOUND, "route_not_found", false),
            ("PUT", "/things", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", true),
        ] {
            let (got, body, allowed) = answer(method, path).await;
            assert_eq!((got, allowed), (status, allow), "{method} {path}");
            assert_eq!((&body["reason"], &body["request_id"]), (&json!(reason), &json!("the-id")), "{method} {path}");
        }
    }
}
