//! HTTP handlers of audit entries.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use portcullis_database::query_failed;
use portcullis_runtime::{
    BodyProblemResponses, IdempotencyKey, JsonBody, Page, Problem, ProblemResponses, Query,
};
use serde::Serialize;

use crate::caller::AuditCaller;
use crate::cursor::Cursor;
use crate::entry::Entry;
use crate::filter::Filter;
use crate::report::Report;
use crate::trail::AuditTrail;

/// The reply for a written entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Logged {
    /// Always `logged`.
    status: &'static str,
    /// The id of the entry.
    audit_id: String,
}

/// Writes an entry. A request with an `Idempotency-Key` that was used before writes nothing, and
/// gets the same reply.
#[utoipa::path(
    post,
    path = "/audit",
    request_body = Report,
    params((
        "Idempotency-Key" = Option<String>,
        Header,
        min_length = 1,
        max_length = 128,
        pattern = "^[!-~]+$",
        description = "Distinguishes a retried request from a second one"
    )),
    responses(
        (status = OK, description = "The entry is written.", body = Logged),
        BodyProblemResponses,
    )
)]
pub(crate) async fn append(
    State(trail): State<AuditTrail>,
    caller: AuditCaller,
    key: Option<IdempotencyKey>,
    JsonBody(report): JsonBody<Report>,
) -> Result<Json<Logged>, Problem> {
    let audit_id = trail.append(&caller, &report, key.as_ref()).await?;
    Ok(Json(Logged {
        status: "logged",
        audit_id,
    }))
}

/// Lists the entries that applications of the caller's tenant wrote, by `position`, the newest
/// first.
#[utoipa::path(
    get,
    path = "/audit",
    params(Filter),
    responses(
        (
            status = OK,
            description = "A page of entries.",
            body = Vec<Entry>,
            headers((
                "Link" = String,
                description = "`rel=\"next\"`: the page of older entries, if there is one"
            ))
        ),
        ProblemResponses,
    )
)]
pub(crate) async fn list(
    State(trail): State<AuditTrail>,
    caller: AuditCaller,
    Query(filter): Query<Filter>,
    uri: Uri,
) -> Result<Response, Problem> {
    let before = filter.cursor.map_or(i64::MAX, Cursor::position);
    let rows = trail
        .before(&caller, before, &filter, filter.limit.with_one_more())
        .await
        .map_err(query_failed)?;
    Ok(Page::beginning(rows, filter.limit, |entry| {
        Cursor::before(entry.content.position).to_string()
    })
    .answer(&uri))
}
