use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request};
use jiff::Timestamp;
use serde_json::{Value, json};
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

    /// The query of the next page, with its `?`; `None` on the last page.
    #[must_use]
    pub fn next_page(&self) -> Option<String> {
        let link = self.header("link")?;
        let next = link.strip_prefix('<').unwrap();
        Some(next.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
    }

    /// Asserts that this is a problem with this status and reason code.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, reason: &str, case: &str) {
        assert_eq!(
            (
                self.status,
                &self.body["reason"],
                self.header("content-type")
            ),
            (status, &json!(reason), Some("application/problem+json")),
            "{case}: {}",
            self.body
        );
    }

    /// Asserts that this is a problem (422) that names the invalid `field`.
    #[track_caller]
    pub fn assert_invalid(&self, field: &str, case: &str) {
        assert_eq!(
            (
                self.status,
                &self.body["field"],
                self.header("content-type")
            ),
            (422, &json!(field), Some("application/problem+json")),
            "{case}: {}",
            self.body
        );
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

/// Asserts that `timestamp` is a time of the last minute.
#[track_caller]
pub fn assert_recent(timestamp: &Value) {
    let timestamp: Timestamp = timestamp.as_str().unwrap().parse().unwrap();
    let age = timestamp.duration_until(Timestamp::now());
    assert!(age.as_secs().abs() < 60, "{timestamp}");
}
