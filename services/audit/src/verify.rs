//! HTTP handler of the verification.

use axum::Json;
use axum::extract::State;
use portcullis_database::query_failed;
use portcullis_runtime::{Problem, ProblemResponses, Query};
use serde::Deserialize;

use crate::caller::AuditCaller;
use crate::trail::AuditTrail;
use crate::verification::Verification;

/// An empty query, so that a mistyped parameter is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

/// Verifies the hash chain of the caller's tenant and names the first broken place.
#[utoipa::path(
    get,
    path = "/audit/verify",
    responses(
        (status = OK, description = "The result.", body = Verification),
        ProblemResponses,
    )
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
        tracing::error!(
            tenant = %caller.tenant,
            position = broken.position,
            reason = broken.reason,
            "the audit trail is broken"
        );
    }
    Ok(Json(found))
}
