use jiff::Timestamp;
use portcullis_runtime::{BoundedText, PageSize};
use serde::Deserialize;

use crate::cursor::Cursor;

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
