//! Audit entries over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;
use portcullis_database::query_failed;
use portcullis_runtime::{
    BodyRefusals, BoundedText, IdempotencyKey, JsonBody, Page, PageSize, Problem, Query, Refusals,
};
use serde::{Deserialize, Serialize};

use crate::caller::AuditCaller;
use crate::cursor::Cursor;
use crate::entry::Entry;
use crate::trail::AuditTrail;

/// What happened, what it happened to, who did it and in which tenant, as the caller reports it
/// (`actor` and `tenant_id` are shown as `reported_actor` and `reported_tenant`). Who reports it
/// comes from the verified call, never from here.
// The fields' words are no descriptions: utoipa joins one to an inlined schema as `allOf` with an
// object, which no text satisfies.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    // What happened.
    #[schema(inline)]
    pub(crate) action: BoundedText<64>,
    // What it happened to.
    #[schema(inline)]
    pub(crate) resource_id: BoundedText<128>,
    // Who did it; shown as `reported_actor`.
    #[schema(inline)]
    pub(crate) actor: BoundedText<128>,
    // In which tenant; shown as `reported_tenant`.
    #[schema(inline)]
    pub(crate) tenant_id: BoundedText<128>,
}

/// That an entry was written.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Logged {
    /// Always `logged`.
    status: &'static str,
    /// The entry's id.
    audit_id: String,
}

/// Which entries to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of this action.
    #[param(inline)]
    pub(crate) action: Option<BoundedText<64>>,
    /// About this resource.
    #[param(inline)]
    pub(crate) resource_id: Option<BoundedText<128>>,
    /// By this reported actor.
    #[param(inline)]
    pub(crate) reported_actor: Option<BoundedText<128>>,
    /// In this reported tenant.
    #[param(inline)]
    pub(crate) reported_tenant: Option<BoundedText<128>>,
    /// Written at this time or later.
    #[param(schema_with = portcullis_runtime::timestamp_schema)]
    pub(crate) since: Option<Timestamp>,
    /// Written before this time.
    #[param(schema_with = portcullis_runtime::timestamp_schema)]
    pub(crate) until: Option<Timestamp>,
    /// How many entries at most.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(crate) limit: PageSize,
    /// Where the page begins, from the `Link` header of the page before.
    #[param(inline)]
    pub(crate) cursor: Option<Cursor>,
}

/// Writes an entry. A repeated delivery with the same `Idempotency-Key` is written once and
/// answered alike.
#[utoipa::path(
    post, path = "/audit", request_body = Report,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128, pattern = "^[!-~]+$",
        description = "Tells two deliveries of one entry from two entries")),
    responses((status = OK, description = "The entry is written.", body = Logged), BodyRefusals)
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
    get, path = "/audit", params(Filter),
    responses(
        (status = OK, description = "A page of entries.", body = Vec<Entry>,
            headers(("Link" = String, description = "`rel=\"next\"`: the page of older entries, if there is one"))),
        Refusals,
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
