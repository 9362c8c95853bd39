use axum::Json;
use portcullis_runtime::ProblemResponses;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app_state::AppState;
use crate::task_user::TaskUser;

/// The caller, from the verified token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile {
    /// The object id, which never changes.
    id: String,
    #[schema(required)]
    name: Option<String>,
    /// The e-mail address; null if the token has none.
    #[schema(required)]
    email: Option<String>,
    tenant_id: String,
    roles: Vec<String>,
    /// The granted scopes, separated by spaces.
    scopes: String,
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Shows the caller. It needs no role, so that a user without a role can see that.
#[utoipa::path(get, path = "/api/me", tag = "profile", responses(
    (status = OK, description = "The caller.", body = Profile),
    ProblemResponses,
))]
async fn show(user: TaskUser) -> Json<Profile> {
    let caller = user.caller;
    Json(Profile {
        id: caller.object_id,
        name: caller.name,
        email: caller.email,
        tenant_id: caller.tenant,
        roles: caller.roles,
        scopes: caller.scopes.join(" "),
    })
}
