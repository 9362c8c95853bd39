//! Liveness, readiness and metrics, on a listener of their own.
//!
//! A network policy can therefore allow them apart from traffic.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::registry::Registry;

use crate::Readiness;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn router(readiness: Readiness, metrics: Arc<Registry>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready).with_state(readiness))
        .route("/metrics", get(render).with_state(metrics))
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    let pending = readiness.pending();
    let degraded = readiness.degraded();
    if !pending.is_empty() {
        let text = format!("not ready, waiting for: {}\n", pending.join(", "));
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    let missing = degraded.iter().map(|part| format!("missing: {part}\n"));
    let text: String = std::iter::once("ready\n".to_owned())
        .chain(missing)
        .collect();
    (StatusCode::OK, text).into_response()
}

async fn render(State(metrics): State<Arc<Registry>>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &metrics) {
        Ok(()) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot encode the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::extract::State;

    use super::ready;
    use crate::{PartState, Readiness};

    #[tokio::test]
    async fn readyz_names_missing_parts() {
        struct Case {
            name: &'static str,
            state: PartState,
            status: u16,
            text: &'static str,
        }

        for Case {
            name,
            state,
            status,
            text,
        } in [
            Case {
                name: "works",
                state: PartState::Works,
                status: 200,
                text: "ready\n",
            },
            Case {
                name: "degraded",
                state: PartState::Degraded("b: 400".to_owned()),
                status: 200,
                text: "ready\nmissing: signing keys: b: 400\n",
            },
            Case {
                name: "fails",
                state: PartState::Fails("b: 400".to_owned()),
                status: 503,
                text: "not ready, waiting for: signing keys: b: 400\n",
            },
        ] {
            let readiness = Readiness::new();
            readiness.set("signing keys", &state);
            let answer = ready(State(readiness)).await;
            assert_eq!(answer.status(), status, "{name}");
            assert_eq!(
                to_bytes(answer.into_body(), 1024).await.unwrap(),
                text,
                "{name}"
            );
        }
    }
}
