use portcullis_runtime::{BoundedText, PageSize};
use serde::Deserialize;
use uuid::Uuid;

/// Filter of the list of notifications.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only notifications of this event.
    #[param(inline)]
    pub(crate) event: Option<BoundedText<64>>,
    /// Maximum number of notifications.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(crate) limit: PageSize,
    /// Cursor of the page, from the `Link` header of the previous page.
    pub(crate) cursor: Option<Uuid>,
}
