use portcullis_runtime::BoundedText;
use serde::Deserialize;

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
