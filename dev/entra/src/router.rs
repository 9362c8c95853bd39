use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::authority::Authority;
use crate::directory::Directory;
use crate::signing_key::KeyRing;
use crate::{dev, discovery, token_endpoint, userrealm};

/// Maximum bytes of a request body. The largest useful one is a form with a token.
const BODY_LIMIT: usize = 64 * 1024;

/// The state of all endpoints.
pub(crate) struct Entra {
    pub(crate) directory: Directory,
    pub(crate) keys: KeyRing,
    pub(crate) authority: Authority,
    /// Fetches the keys of issuers of federated credentials.
    pub(crate) http: reqwest::Client,
    /// The lifetime of issued tokens.
    pub(crate) lifetime: Duration,
}

/// Routes Entra's own paths, because some clients build them without reading metadata.
pub(crate) fn router(entra: Arc<Entra>) -> Router {
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
        .route("/{tenant}/oauth2/v2.0/token", post(token_endpoint::v2))
        .route("/{tenant}/oauth2/token", post(token_endpoint::v1))
        .route("/{tenant}/{endpoint}/{username}", get(userrealm::userrealm))
        .route("/dev/sign", post(dev::sign))
        .route("/dev/rotate", post(dev::rotate))
        .route("/dev/retire", post(dev::retire))
        .route("/dev/directory", get(dev::directory))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(entra)
}
