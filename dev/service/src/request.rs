use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request};
use serde_json::Value;
use tower::ServiceExt;

/// The response of a router, with its JSON body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A request with `line`, such as `GET /audit`.
#[must_use]
pub fn request(line: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Request<Body> {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request
        .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
        .unwrap()
}

/// Sends `request` to `router`, whose response must be JSON.
pub async fn answer(router: Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = serde_json::from_slice(&to_bytes(body, 1 << 22).await.unwrap()).unwrap();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}
