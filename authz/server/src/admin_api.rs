//! The admin API: shows policies and keys in force, reloads policies, refreshes and forgets keys.
//!
//! It has its own listener, and lets operators act on an incident at once.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::future::join_all;
use portcullis_reason_codes::{BROWSER_REFUSED, KEYS_NOT_FETCHED, POLICIES_REFUSED};
use portcullis_runtime::{InvalidSettings, Problem};
use portcullis_token::{KeyStatus, unix_now};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::authorizer::Authorizer;
use crate::rate_limit::Held;
use crate::reload::PoliciesInForce;
use crate::routes::Routes;

/// State of the admin API.
#[derive(Clone, Debug)]
pub(crate) struct AdminApi {
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) policies: PoliciesInForce,
}

/// Rejects an address that other machines reach, unless `allow_remote` is set.
///
/// The admin API has no authentication, so only this machine may call it. In Kubernetes `kubectl
/// port-forward` connects from there.
pub(crate) fn check_listener(
    address: SocketAddr,
    allow_remote: bool,
) -> Result<(), InvalidSettings> {
    if address.ip().is_loopback() || allow_remote {
        return Ok(());
    }
    let problem = format!(
        "--admin-listen {address}: every client that reaches it can drop all signing keys; \
         listen on 127.0.0.1, or give --admin-allow-remote"
    );
    Err(InvalidSettings(vec![problem]))
}

/// The routes of the admin API.
pub(crate) fn router(admin: AdminApi) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/policies/reload", post(reload_policies))
        .route("/keys/refresh", post(refresh_keys))
        .route("/keys/forget", post(forget_keys))
        .with_state(admin)
        .layer(from_fn(deny_browsers))
}

/// Denies requests of browsers.
///
/// A page that a user of this machine has open could post here. Browsers then send the origin of
/// the page (Fetch Standard, §Origin header).
async fn deny_browsers(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            BROWSER_REFUSED,
            "the admin API denies requests with an Origin header, which browsers send",
        )
        .into_response();
    }
    next.run(request).await
}

async fn status(
    State(AdminApi {
        authorizer,
        policies,
    }): State<AdminApi>,
) -> Json<Value> {
    let routes = authorizer.routes();
    let state = policies.state();
    let issuers: Vec<Value> = routes
        .issuers()
        .map(|(name, verifier)| {
            let sources: Vec<Value> = verifier.key_status().iter().map(source).collect();
            let policies = routes.policies_of(name);
            json!({
                "name": name,
                "ready": verifier.has_keys(),
                "policies": policies,
                "keys": sources,
            })
        })
        .collect();
    let cache = routes.cache.size();
    let signers = authorizer.signers();
    let tables = authorizer.rate_limits_held().into_iter().map(table);
    let rate_limits: serde_json::Map<_, _> = tables.collect();
    let store = authorizer.rate_limit_store();
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
        "decision_cache": {
            "callers": cache.callers,
            "bytes": cache.bytes,
            "capacity_bytes": cache.capacity,
        },
        "rate_limits": rate_limits,
        "rate_limit_store": store.map(|(name, up)| json!({ "name": name, "up": up })),
    }))
}

/// The removed policies, with the seconds for which they still decide.
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
    let until = |at: Instant| at.saturating_duration_since(Instant::now()).as_secs();
    json!({
        "source": status.source,
        "ready": status.is_ready(),
        "since": status.since,
        "next_fetch_in_seconds": status.next_fetch.map(until),
        "key_ids": key_ids,
        "age_seconds": status.fetched_at.map(|at| at.elapsed().as_secs()),
        "fetches": {"success": status.successes, "failure": status.failures},
        "error": status.error.as_deref(),
    })
}

/// Reloads the policy files, and says whether their policies are in force and which keys they lack.
async fn reload_policies(
    State(AdminApi {
        authorizer,
        policies,
    }): State<AdminApi>,
) -> Response {
    let state = policies.reload_now().await;
    if let Some(problem) = state.refused {
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, POLICIES_REFUSED, problem)
            .into_response();
    }
    let missing_keys = authorizer.routes().missing_keys();
    Json(json!({ "version": state.version, "since": state.since, "missing_keys": missing_keys }))
        .into_response()
}

/// Fetches the keys of every issuer now.
///
/// After a 204, a key that an issuer has removed verifies nothing any more.
async fn refresh_keys(State(AdminApi { authorizer, .. }): State<AdminApi>) -> Response {
    tracing::warn!("an operator refreshes the signing keys");
    let routes = authorizer.routes();
    // All at once: an issuer that hangs must not keep a key of another issuer in force.
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
        "the last good keys of these sources stay in force: {}",
        failed.join("; ")
    );
    Problem::new(StatusCode::BAD_GATEWAY, KEYS_NOT_FETCHED, detail).into_response()
}

/// Forgets the keys of every issuer now, in memory and on disk.
///
/// Until an issuer answers, requests with its tokens are answered with 503.
async fn forget_keys(State(AdminApi { authorizer, .. }): State<AdminApi>) -> StatusCode {
    for (_, verifier) in authorizer.routes().issuers() {
        verifier.forget_keys();
    }
    StatusCode::NO_CONTENT
}
