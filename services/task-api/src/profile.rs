use axum::Json;
use portcullis_runtime::Refusals;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AppState;
use crate::task_user::TaskUser;

/// What the caller's token says of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile {
    /// The object id, which never changes.
    id: String,
    #[schema(required)]
    name: Option<String>,
    /// Absent from tokens of some accounts.
    #[schema(required)]
    email: Option<String>,
    tenant_id: String,
    roles: Vec<String>,
    /// The granted scopes, with blanks between them.
    scopes: String,
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Says who the caller is. Needs no role: a user without one must be able to learn that.
#[utoipa::path(get, path = "/api/me", tag = "profile", responses(
    (status = OK, description = "The caller.", body = Profile),
    Refusals,
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
