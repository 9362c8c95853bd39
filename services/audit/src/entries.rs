//! Audit entries over HTTP.

use axum::Json;
use axum::extract::State;
use portcullis_runtime::{JsonBody, Problem};
use serde::{Deserialize, Serialize};

use crate::database::query_failed;
use crate::trail::{AuditTrail, Entry};
use crate::writer::Writer;

/// Text of 1 to `MAX` characters.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Text<const MAX: usize>(String);

/// What the caller reports. Who reports it comes from the verified caller, never from here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) action: Text<64>,
    pub(crate) resource_id: Text<128>,
    pub(crate) actor: Text<128>,
    pub(crate) tenant_id: Text<128>,
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

impl<const MAX: usize> Text<MAX> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if (1..=MAX).contains(&length) {
            Ok(Self(text))
        } else {
            Err(format!("expected 1 to {MAX} characters, found {length}"))
        }
    }
}
