use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::{Request, StatusCode};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;

use super::{HttpService, RequestLimits};

struct Answer {
    status: StatusCode,
    body: Value,
    headers: http::HeaderMap,
}

fn service(api: Router, limits: &RequestLimits) -> (Router, Registry) {
    let mut registry = Registry::default();
    let router = HttpService::new("sample", limits, &mut registry).around(api, OpenApi::default());
    (router, registry)
}

fn things() -> Router {
    Router::new().route("/things/{id}", get(|| async { "\"a thing\"" }))
}

async fn answer(service: Router, method: &str, path: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-request-id", "the-id")
        .body(Body::empty());
    let response = service.oneshot(request.unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = serde_json::from_slice(&to_bytes(body, 1 << 16).await.unwrap()).unwrap();
    Answer {
        status: parts.status,
        body,
        headers: parts.headers,
    }
}

fn text_of(registry: &Registry) -> String {
    let mut text = String::new();
    encode(&mut text, registry).unwrap();
    text
}

#[tokio::test]
async fn unknown_route_is_a_problem_with_the_requests_id_and_health_is_public() {
    struct Case {
        name: &'static str,
        method: &'static str,
        path: &'static str,
        status: StatusCode,
        reason: &'static str,
        allow: bool,
    }

    let (service, _registry) = service(things(), &RequestLimits::default());
    let health = answer(service.clone(), "GET", "/health").await;
    assert_eq!(
        (health.status, health.body),
        (
            StatusCode::OK,
            json!({"status": "healthy", "service": "sample"})
        )
    );
    let document = answer(service.clone(), "GET", "/openapi.json").await.body;
    assert!(
        document["paths"]["/health"]["get"].is_object(),
        "{document}"
    );
    for Case {
        name,
        method,
        path,
        status,
        reason,
        allow,
    } in [
        Case {
            name: "unknown path",
            method: "GET",
            path: "/nothing",
            status: StatusCode::NOT_FOUND,
            reason: "route_not_found",
            allow: false,
        },
        Case {
            name: "unknown method",
            method: "PUT",
            path: "/things/1",
            status: StatusCode::METHOD_NOT_ALLOWED,
            reason: "method_not_allowed",
            allow: true,
        },
    ] {
        let Answer {
            status: got,
            body,
            headers,
        } = answer(service.clone(), method, path).await;
        assert_eq!(
            (got, headers.contains_key("allow")),
            (status, allow),
            "{name}: {method} {path}"
        );
        assert_eq!(
            (&body["reason"], &body["request_id"]),
            (&json!(reason), &json!("the-id")),
            "{name}: {method} {path}"
        );
    }
}

#[tokio::test]
async fn request_beyond_the_maximum_is_answered_with_503_at_once() {
    let arrived = Arc::new(Barrier::new(2));
    let finish = Arc::new(Notify::new());
    let handler_arrived = Arc::clone(&arrived);
    let handler_finish = Arc::clone(&finish);
    let slow = get(move || async move {
        handler_arrived.wait().await;
        handler_finish.notified().await;
        "\"done\""
    });
    let limits = RequestLimits {
        max_requests: 1,
        ..RequestLimits::default()
    };
    let (service, registry) = service(things().route("/slow", slow), &limits);
    let first = tokio::spawn(answer(service.clone(), "GET", "/slow"));
    arrived.wait().await;
    assert!(text_of(&registry).contains("http_server_requests_in_hand 1"));
    let busy = answer(service.clone(), "GET", "/things/1").await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (&busy.body["reason"], &busy.body["request_id"]),
        (&json!("service_busy"), &json!("the-id"))
    );
    assert_eq!(busy.headers["retry-after"], "1");
    finish.notify_one();
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    assert_eq!(
        answer(service, "GET", "/things/1").await.status,
        StatusCode::OK
    );
    let metrics = text_of(&registry);
    for line in [
        "http_server_requests_refused_total{reason=\"busy\"} 1",
        "http_server_requests_in_hand 0",
    ] {
        assert!(metrics.contains(line), "{line} is missing in:\n{metrics}");
    }
}

#[tokio::test(start_paused = true)]
async fn request_beyond_its_timeout_is_dropped() {
    let never = get(|| async { std::future::pending::<&str>().await });
    let limits = RequestLimits {
        request_timeout: Duration::from_secs(3),
        ..RequestLimits::default()
    };
    let (service, registry) = service(Router::new().route("/never", never), &limits);
    let cut = answer(service, "GET", "/never").await;
    assert_eq!(
        (cut.status, &cut.body["reason"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("request_timeout"))
    );
    assert_eq!(cut.headers["retry-after"], "1");
    let metrics = text_of(&registry);
    assert!(
        metrics.contains("http_server_requests_in_hand 0"),
        "{metrics}"
    );
}

#[tokio::test]
async fn request_metrics_have_the_routes_pattern_and_no_callers_data() {
    let (service, registry) = service(things(), &RequestLimits::default());
    for (method, path) in [
        ("GET", "/things/secret-7"),
        ("GET", "/secret-8"),
        ("SECRET9", "/things/1"),
    ] {
        answer(service.clone(), method, path).await;
    }
    let metrics = text_of(&registry);
    for labels in [
        "method=\"GET\",route=\"/things/{id}\",status=\"200\"",
        "method=\"GET\",route=\"unmatched\",status=\"404\"",
        "method=\"other\",route=\"/things/{id}\",status=\"405\"",
    ] {
        let line = format!("http_server_request_duration_seconds_count{{{labels}}} 1");
        assert!(metrics.contains(&line), "{line} is missing in:\n{metrics}");
    }
    assert!(!metrics.to_lowercase().contains("secret"), "{metrics}");
}
