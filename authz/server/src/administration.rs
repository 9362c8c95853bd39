//! What whoever runs the gate may ask of it while it runs, on a listener of its own: what is in
//! force, and to act on an incident now.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::future::join_all;
use portcullis_runtime::{InvalidSettings, Problem};
use portcullis_token::{KeyStatus, unix_now};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::gate::Gate;
use crate::rate_limit::Held;
use crate::reload::PoliciesInForce;
use crate::routes::Routes;

/// What there is to administer.
#[derive(Clone, Debug)]
pub(crate) struct Administration {
    pub(crate) gate: Arc<Gate>,
    pub(crate) policies: PoliciesInForce,
}

/// Nobody proves who they are here, so only this machine may ask; in Kubernetes `kubectl
/// port-forward` comes from there.
pub(crate) fn check_listener(
    address: SocketAddr,
    others_may_ask: bool,
) -> Result<(), InvalidSettings> {
    if address.ip().is_loopback() || others_may_ask {
        return Ok(());
    }
    let problem = format!(
        "--administration-listen {address}: whoever reaches it can drop every signing key; listen on 127.0.0.1, \
         or give --let-anybody-who-reaches-it-administer"
    );
    Err(InvalidSettings(vec![problem]))
}

/// The calls.
pub(crate) fn router(administration: Administration) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/policies/reload", post(reload_policies))
        .route("/keys/refresh", post(refresh_keys))
        .route("/keys/forget", post(forget_keys))
        .with_state(administration)
        .layer(from_fn(refuse_browsers))
}

/// A page that somebody on this machine has open could post here; browsers then say where the page
/// is from (Fetch Standard, §Origin header).
async fn refuse_browsers(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "browser_refused",
            "this is not for pages in a browser",
        )
        .into_response();
    }
    next.run(request).await
}

async fn status(State(Administration { gate, policies }): State<Administration>) -> Json<Value> {
    let (routes, state) = (gate.routes(), policies.state());
    let issuers: Vec<Value> = routes
        .issuers()
        .map(|(name, verifier)| {
            let sources: Vec<Value> = verifier.key_status().iter().map(source).collect();
            let policies = routes.policies_of(name);
            json!({ "name": name, "ready": verifier.has_keys(), "policies": policies, "keys": sources })
        })
        .collect();
    let cache = routes.cache.size();
    let signers = gate.signers();
    Json(json!({
        "policies": {
            "version": state.version,
            "since": state.since,
            "refused": state.refused,
            "names": routes.policy_names(),
            "removed": removed_policies(&routes),
        },
        "issuers": issuers,
        "assertion_keys": {"ES256": signers.public.key_ids(), "HS256": signers.mac.key_ids()},
        "decision_cache": {"callers": cache.callers, "bytes": cache.bytes, "capacity_bytes": cache.capacity},
        "rate_limits": gate.rate_limits_held().into_iter().map(table).collect::<serde_json::Map<_, _>>(),
        "rate_limit_store": gate.rate_limit_store().map(|(name, up)| json!({ "name": name, "up": up })),
    }))
}

/// What only still decides, with the seconds that it has left.
fn removed_policies(routes: &Routes) -> serde_json::Map<String, Value> {
    let removed = routes.removed_policies(unix_now());
    removed
        .into_iter()
        .map(|(name, left)| (name.to_owned(), left.into()))
        .collect()
}

fn table((name, held): (&'static str, Held)) -> (String, Value) {
    let table =
        json!({"windows": held.windows, "bytes": held.bytes, "capacity_bytes": held.capacity});
    (name.to_owned(), table)
}

fn source(status: &KeyStatus) -> Value {
    let key_ids = status.keys.as_ref().map(|fetched| fetched.keys.key_ids());
    json!({
        "source": status.source,
        "ready": status.is_ready(),
        "since": status.since,
        "next_fetch_in_seconds": status.next_fetch.map(|at| at.saturating_duration_since(Instant::now()).as_secs()),
        "key_ids": key_ids,
        "age_seconds": status.fetched_at.map(|at| at.elapsed().as_secs()),
        "fetches": {"success": status.successes, "failure": status.failures},
        "error": status.error.as_deref(),
    })
}

/// Reads the policy files now, and says whether what they hold is in force, and which keys it
/// lacks.
async fn reload_policies(
    State(Administration { gate, policies }): State<Administration>,
) -> Response {
    let state = policies.look_now().await;
    if let Some(problem) = state.refused {
        return Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "policies_refused",
            problem,
        )
        .into_response();
    }
    let missing_keys = gate.routes().missing_keys();
    Json(json!({ "version": state.version, "since": state.since, "missing_keys": missing_keys }))
        .into_response()
}

/// Fetches every issuer's keys now: a key that an issuer has removed verifies nothing any more once
/// this has answered 200.
async fn refresh_keys(State(Administration { gate, .. }): State<Administration>) -> Response {
    tracing::warn!("signing keys are fetched as asked");
    let routes = gate.routes();
    // All at once: an issuer that hangs must not keep a key in force that another has removed.
    let fetched = join_all(
        routes
            .issuers()
            .map(|(_, verifier)| verifier.fetch_keys_now()),
    )
    .await;
    let failed: Vec<String> = fetched
        .into_iter()
        .filter_map(|fetched| Some(fetched.err()?.to_string()))
        .collect();
    if failed.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!(
        "the last good keys of these stay in force: {}",
        failed.join("; ")
    );
    Problem::new(StatusCode::BAD_GATEWAY, "keys_not_fetched", detail).into_response()
}

/// Drops every issuer's keys now, those on disk too. Until an issuer answers, its tokens are
/// answered with 503.
async fn forget_keys(State(Administration { gate, .. }): State<Administration>) -> StatusCode {
    for (_, verifier) in gate.routes().issuers() {
        verifier.forget_keys();
    }
    StatusCode::NO_CONTENT
}
