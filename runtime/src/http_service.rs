//! Layers and routes of every HTTP service, around its API.
//!
//! ```text
//! request ─ log ─ measure ─ limit (requests, time) ─ body limit ─┬─ /health, /openapi.json
//!                                                                ├─ the API, behind its guard
//!                                                                └─ problems for unknown routes
//! ```

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Json, Router};
use portcullis_reason_codes::{METHOD_NOT_ALLOWED, ROUTE_NOT_FOUND};
use prometheus_client::registry::Registry;
use serde::Serialize;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::request_limits::{Bounds, RequestLimits, bound};
use crate::request_metrics::{RequestMetrics, measure};
use crate::{Problem, request_log};

/// Maximum size of a request body. The largest field in use has a few hundred characters.
const BODY_LIMIT: usize = 16 * 1024;

/// An HTTP service: its name, limits and metrics.
#[derive(Clone, Debug)]
pub struct HttpService {
    name: &'static str,
    metrics: RequestMetrics,
    bounds: Bounds,
}

impl HttpService {
    /// Creates the service and registers its metrics.
    pub fn new(name: &'static str, limits: &RequestLimits, registry: &mut Registry) -> Self {
        let metrics = RequestMetrics::register(registry);
        Self {
            name,
            bounds: Bounds::new(limits, metrics.clone()),
            metrics,
        }
    }

    /// Wraps `api`, which is behind its guard, in the layers and routes of every service.
    ///
    /// `document` describes the API.
    pub fn around(&self, api: Router, document: OpenApi) -> Router {
        let document = Arc::new(described(document));
        let state = Health {
            status: "healthy",
            service: self.name,
        };
        let public = Router::new()
            .route("/health", get(health))
            .with_state(state)
            .route(
                "/openapi.json",
                get(|| async move { Json(Arc::unwrap_or_clone(document)) }),
            );
        let all = api
            .merge(public)
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed);
        let bounded = all
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(from_fn_with_state(self.bounds.clone(), bound))
            .layer(from_fn_with_state(self.metrics.clone(), measure));
        bounded.layer(from_fn(request_log::log_request))
    }
}

/// Adds the operations of every service to `document`.
#[must_use]
pub fn described(mut document: OpenApi) -> OpenApi {
    document.merge(
        OpenApiRouter::<Health>::new()
            .routes(routes!(health))
            .into_openapi(),
    );
    document
}

/// Health of the service.
#[derive(Clone, Serialize, utoipa::ToSchema)]
struct Health {
    /// Always `healthy`.
    status: &'static str,
    /// The service's name.
    service: &'static str,
}

/// Reports that the service answers. The operations listener reports its readiness for traffic.
#[utoipa::path(
    get,
    path = "/health",
    responses((status = OK, description = "The service answers.", body = Health)),
    security(())
)]
async fn health(State(health): State<Health>) -> Json<Health> {
    Json(health)
}

async fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        ROUTE_NOT_FOUND,
        "this service has no such path",
    )
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!(
        "{} does not allow {method}; the Allow header lists the allowed methods",
        uri.path()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, METHOD_NOT_ALLOWED, detail)
}

#[cfg(test)]
mod tests;
