//! The administrative listener: endpoints for tests that Entra does not have.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use portcullis_reason_codes::BROWSER_REFUSED;
use portcullis_runtime::Problem;

use crate::dev;
use crate::entra::Live;
use crate::knobs;
use crate::router::BODY_LIMIT;

/// The routes, which are below `/dev`.
pub(crate) fn router(live: Live) -> Router {
    Router::new()
        .route("/dev/sign", post(dev::sign))
        .route("/dev/tokens", post(dev::mint))
        .route("/dev/rotate", post(dev::rotate))
        .route("/dev/retire", post(dev::retire))
        .route("/dev/directory", get(dev::directory))
        .route(
            "/dev/faults",
            get(dev::faults)
                .post(dev::add_fault)
                .delete(dev::clear_faults),
        )
        .route("/dev/down", post(dev::down))
        .route("/dev/up", post(dev::up))
        .route("/dev/clock", post(dev::set_clock))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(live.clone(), knobs::with_clock))
        .layer(from_fn(deny_browsers))
        .with_state(live)
}

/// Denies requests of browsers. A page that a user of this machine has open could post here.
/// Browsers then send the origin of the page (Fetch Standard, §Origin header).
async fn deny_browsers(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            BROWSER_REFUSED,
            "the admin listener denies requests with an Origin header, which browsers send",
        )
        .into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests;
