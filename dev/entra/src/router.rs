use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::authority::Authority;
use crate::directory::Directory;
use crate::signing_key::KeyRing;
use crate::{dev, discovery, token_endpoint, userrealm};

/// The largest request body. The largest of use is a form with a token in it.
const BODY_LIMIT: usize = 64 * 1024;

/// What every endpoint answers from.
pub(crate) struct Entra {
    pub(crate) directory: Directory,
    pub(crate) keys: KeyRing,
    pub(crate) authority: Authority,
    /// By which issuers of federated credentials are asked for their keys.
    pub(crate) http: reqwest::Client,
    /// How long tokens are valid.
    pub(crate) lifetime: Duration,
}

/// The paths are Entra's: some clients build them without reading metadata.
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
