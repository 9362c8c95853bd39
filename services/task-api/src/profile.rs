use axum::Json;
use serde::Serialize;

use crate::task_user::TaskUser;

/// What the caller's token says of them.
#[derive(Serialize)]
pub(crate) struct Profile {
    id: String,
    name: Option<String>,
    email: Option<String>,
    tenant_id: String,
    roles: Vec<String>,
    scopes: String,
}

/// Needs no role: a user without one must be able to learn that.
pub(crate) async fn show(user: TaskUser) -> Json<Profile> {
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
