use axum::Router;
use portcullis_database::Schema;
use portcullis_runtime::{HttpService, described};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// A service: its tables and its API, whose handlers have the state `S`.
pub struct Service<S> {
    /// The tables, with the service's name.
    pub schema: Schema,
    /// All operations, with their OpenAPI document.
    pub api: OpenApiRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Service<S> {
    /// The OpenAPI document.
    #[must_use]
    pub fn openapi(self) -> OpenApi {
        described(self.api.into_openapi())
    }

    /// Every route, behind `protect`.
    ///
    /// `protect` is a required parameter so that no program can omit it. Only health and the
    /// OpenAPI document are outside.
    pub fn router(
        self,
        state: S,
        http: &HttpService,
        protect: impl FnOnce(Router) -> Router,
    ) -> Router {
        let (api, document) = self.api.with_state(state).split_for_parts();
        http.around(protect(api), document)
    }
}
