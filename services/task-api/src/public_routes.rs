//! What needs no credentials: health, and problems for what no route answers.

use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use portcullis_runtime::Problem;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
    service: &'static str,
}

pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "healthy", service: "task-api" })
}

pub(crate) async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "route_not_found", "this service has no such path")
}

pub(crate) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}; the Allow header lists what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
