use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use tower_http::cors::{Any, CorsLayer};

use crate::entra::Live;
use crate::{
    discovery, graph, knobs, managed_identity, resource_manager, sign_in, token_endpoint, userinfo,
    userrealm,
};

/// Maximum bytes of a request body. The largest useful one is a form with a token.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// Routes Entra's own paths, because some clients build them without reading metadata.
pub(crate) fn router(live: Live) -> Router {
    Router::new()
        .merge(for_clients())
        .merge(for_browsers())
        .merge(for_azure_resources())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(live.clone(), knobs::with_faults))
        .layer(from_fn_with_state(live.clone(), knobs::with_clock))
        .with_state(live)
}

/// Routes for clients. Single-page applications call it across origins, without cookies.
fn for_clients() -> Router<Live> {
    let across_origins = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(Any);
    Router::new()
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(discovery::metadata_v2),
        )
        .route(
            "/{tenant}/.well-known/openid-configuration",
            get(discovery::metadata_v1),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys_v2))
        .route("/{tenant}/discovery/keys", get(discovery::keys_v1))
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/oauth2/v2.0/token", post(token_endpoint::v2))
        .route("/{tenant}/oauth2/token", post(token_endpoint::v1))
        .route(
            "/{tenant}/oauth2/v2.0/devicecode",
            post(sign_in::issue_device_code),
        )
        .route(
            "/oidc/userinfo",
            get(userinfo::userinfo).post(userinfo::userinfo),
        )
        .route("/v1.0/{*path}", any(graph::serve))
        .route("/arm/subscriptions", get(resource_manager::nothing))
        .route("/arm/tenants", get(resource_manager::nothing))
        .route("/{tenant}/{endpoint}/{username}", get(userrealm::userrealm))
        .layer(across_origins)
}

/// What the platform of Azure offers to its resources: tokens of their managed identities.
fn for_azure_resources() -> Router<Live> {
    Router::new()
        .route(
            "/metadata/identity/oauth2/token",
            get(managed_identity::instance_metadata),
        )
        .route("/msi/token", get(managed_identity::app_service))
}

/// Routes for a user's browser.
fn for_browsers() -> Router<Live> {
    Router::new()
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            get(sign_in::authorize_v2).post(sign_in::post_authorize),
        )
        .route("/{tenant}/oauth2/authorize", get(sign_in::authorize_v1))
        .route("/sign-in", post(sign_in::proceed))
        .route(
            "/devicelogin",
            get(sign_in::device_login).post(sign_in::enter_device_code),
        )
        .route(
            "/{tenant}/oauth2/v2.0/logout",
            get(sign_in::logout).post(sign_in::logout),
        )
        .route(
            "/{tenant}/oauth2/logout",
            get(sign_in::logout).post(sign_in::logout),
        )
}
