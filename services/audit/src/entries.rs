//! Audit entries over HTTP.

use axum::Json;
use axum::extract::State;
use portcullis_runtime::{BoundedText, JsonBody, Problem};
use serde::{Deserialize, Serialize};

use crate::trail::{AuditTrail, Entry};
use crate::writer::Writer;
use portcullis_database::query_failed;

/// What the caller reports. Who reports it comes from the verified caller, never from here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) action: BoundedText<64>,
    pub(crate) resource_id: BoundedText<128>,
    pub(crate) actor: BoundedText<128>,
    pub(crate) tenant_id: BoundedText<128>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Logged {
    status: &'static str,
    audit_id: String,
}

/// Appends an entry.
pub(crate) async fn append(
    State(trail): State<AuditTrail>,
    writer: Writer,
    JsonBody(report): JsonBody<Report>,
) -> Result<Json<Logged>, Problem> {
    let audit_id = trail.append(&writer, &report).await.map_err(query_failed)?;
    Ok(Json(Logged { status: "logged", audit_id }))
}

/// The last entries that applications of the caller's tenant wrote, newest first.
pub(crate) async fn list(State(trail): State<AuditTrail>, writer: Writer) -> Result<Json<Vec<Entry>>, Problem> {
    trail.newest_of(&writer).await.map(Json).map_err(query_failed)
}
