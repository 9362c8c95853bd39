use portcullis_runtime::{BoundedText, PageSize};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

/// Which tasks to list, and in which order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listing {
    /// Only tasks that are completed, or only those that are not.
    pub(crate) completed: Option<bool>,
    /// Only tasks of this user, for an Admin; others see only their own anyway.
    #[param(inline)]
    pub(crate) owner_id: Option<BoundedText<64>>,
    /// Oldest first, unless the newest are wanted first.
    #[serde(default)]
    #[param(inline)]
    pub(crate) order: Order,
    /// How many tasks at most. Clients of the first version expect the whole list, so the limit is
    /// high.
    #[serde(default)]
    #[param(inline)]
    pub(crate) limit: PageSize<1000, 1000>,
    /// Where to go on: taken from the `Link` of the page before, and of no other meaning.
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
    id.map(Some)
        .ok_or_else(|| serde::de::Error::custom("expected the cursor of a Link header"))
}
