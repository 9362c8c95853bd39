use portcullis_runtime::BoundedText;
use serde::Deserialize;

/// A notification to send. Its recipient is the user of the call and never comes from the body.
// The fields have comments and no descriptions: utoipa joins a description to an inlined schema as
// `allOf` with an object, which no string satisfies.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNotification {
    // What happened.
    #[schema(inline)]
    pub(crate) event: BoundedText<64>,
    // The task that it happened to.
    #[schema(inline)]
    pub(crate) task_title: BoundedText<200>,
}
