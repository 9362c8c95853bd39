use portcullis_runtime::{BoundedText, PageSize};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

/// Filter, order and page of the list of tasks.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listing {
    /// Only completed tasks, or only tasks that are not completed.
    pub(crate) completed: Option<bool>,
    /// Only tasks of this user. It is for Admins, because other users see only their own tasks.
    #[param(inline)]
    pub(crate) owner_id: Option<BoundedText<64>>,
    /// Order of the tasks, by default the oldest first.
    #[serde(default)]
    #[param(inline)]
    pub(crate) order: Order,
    /// Maximum number of tasks. It is high because clients of the first version expect the whole
    /// list.
    #[serde(default)]
    #[param(inline)]
    pub(crate) limit: PageSize<1000, 1000>,
    /// Cursor of the page, from the `Link` header of the previous page.
    #[serde(default, deserialize_with = "cursor")]
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
    pub(crate) cursor: Option<i64>,
}

/// The order of a list: by id, which is the order of creation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    #[default]
    Oldest,
    Newest,
}

fn cursor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_ours = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| is_ours);
    id.map(Some).ok_or_else(|| {
        serde::de::Error::custom(
            "not a cursor of this list; take it from the Link header of the previous page",
        )
    })
}
