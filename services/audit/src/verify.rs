//! Verification over HTTP.

use axum::Json;
use axum::extract::State;
use portcullis_database::query_failed;
use portcullis_runtime::{Problem, Query, Refusals};
use serde::Deserialize;

use crate::caller::AuditCaller;
use crate::trail::AuditTrail;
use crate::verification::Verification;

/// No parameters: one that is mistyped must not be passed over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

/// Recomputes the chain of the caller's tenant and names the first entry that is not as it was
/// written.
#[utoipa::path(
    get, path = "/audit/verify",
    responses((status = OK, description = "What was found.", body = Verification), Refusals)
)]
pub(crate) async fn verify(
    State(trail): State<AuditTrail>,
    caller: AuditCaller,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<Verification>, Problem> {
    let found = crate::verification::verify(&trail.database, &caller.tenant, None)
        .await
        .map_err(query_failed)?;
    if let Some(broken) = &found.first_broken {
        tracing::error!(tenant = %caller.tenant, position = broken.position, reason = broken.reason, "the audit trail is broken");
    }
    Ok(Json(found))
}
