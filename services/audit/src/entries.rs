//! HTTP handlers of audit entries.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;
use portcullis_database::query_failed;
use portcullis_runtime::{
    BodyProblemResponses, BoundedText, IdempotencyKey, JsonBody, Page, PageSize, Problem,
    ProblemResponses, Query,
};
use serde::{Deserialize, Serialize};

use crate::caller::AuditCaller;
use crate::cursor::Cursor;
use crate::entry::Entry;
use crate::trail::AuditTrail;

/// An event as the caller reports it. `actor` and `tenant_id` are shown as `reported_actor` and
/// `reported_tenant`. The caller itself comes from its verified token and never from the body.
// The fields have comments and no descriptions: utoipa joins a description to an inlined schema as
// `allOf` with an object, which no string satisfies.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    // What happened.
    #[schema(inline)]
    pub(crate) action: BoundedText<64>,
    // The resource that it happened to.
    #[schema(inline)]
    pub(crate) resource_id: BoundedText<128>,
    // The user or application that acted; shown as `reported_actor`.
    #[schema(inline)]
    pub(crate) actor: BoundedText<128>,
    // The tenant of the actor; shown as `reported_tenant`.
    #[schema(inline)]
    pub(crate) tenant_id: BoundedText<128>,
}

/// The reply for a written entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Logged {
    /// Always `logged`.
    status: &'static str,
    /// The id of the entry.
    audit_id: String,
}

/// Filter of the list of entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only entries of this action.
    #[param(inline)]
    pub(crate) action: Option<BoundedText<64>>,
    /// Only entries about this resource.
    #[param(inline)]
    pub(crate) resource_id: Option<BoundedText<128>>,
    /// Only entries with this reported actor.
    #[param(inline)]
    pub(crate) reported_actor: Option<BoundedText<128>>,
    /// Only entries with this reported tenant.
    #[param(inline)]
    pub(crate) reported_tenant: Option<BoundedText<128>>,
    /// Only entries written at this time or later.
    #[param(schema_with = portcullis_runtime::timestamp_schema)]
    pub(crate) since: Option<Timestamp>,
    /// Only entries written before this time.
    #[param(schema_with = portcullis_runtime::timestamp_schema)]
    pub(crate) until: Option<Timestamp>,
    /// Maximum number of entries.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(crate) limit: PageSize,
    /// Cursor of the page, from the `Link` header of the previous page.
    #[param(inline)]
    pub(crate) cursor: Option<Cursor>,
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
