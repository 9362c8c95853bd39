//! Notifications over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use portcullis_database::query_failed;
use portcullis_runtime::{
    BodyRefusals, BoundedText, IdempotencyKey, JsonBody, Page, PageSize, Problem, Query, Refusals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::notifier::{Notifier, Recipient};
use crate::store::{Notification, NotificationStore};

/// What happened, and the task that it happened to; the recipient is the user in whose name the
/// call is made, whatever the body says.
// The fields' words are no descriptions: utoipa joins one to an inlined schema as `allOf` with an
// object, which no text satisfies.
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

/// That a notification was sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Sent {
    /// Always `sent`.
    status: &'static str,
    /// The user's e-mail address, else the name, else nobody that a person would recognize.
    #[schema(required)]
    to: Option<String>,
    event: String,
    task_title: String,
}

/// Which notifications to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of this event.
    #[param(inline)]
    pub(crate) event: Option<BoundedText<64>>,
    /// How many notifications at most.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(crate) limit: PageSize,
    /// Where the page begins, from the `Link` header of the page before.
    pub(crate) cursor: Option<Uuid>,
}

/// Notifies the user in whose name the call is made. A repeated delivery with the same
/// `Idempotency-Key` is sent once and answered alike.
#[utoipa::path(
    post, path = "/notify", request_body = NewNotification,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128, pattern = "^[!-~]+$",
        description = "Tells two deliveries of one notification from two notifications")),
    responses((status = OK, description = "It is sent.", body = Sent), BodyRefusals)
)]
pub(crate) async fn notify(
    State(store): State<NotificationStore>,
    notifier: Notifier,
    key: Option<IdempotencyKey>,
    JsonBody(new): JsonBody<NewNotification>,
) -> Result<Json<Sent>, Problem> {
    let stored = store.add(&notifier, &new, key.as_ref()).await?;
    Ok(Json(Sent {
        status: "sent",
        to: stored.recipient,
        event: stored.event,
        task_title: stored.task_title,
    }))
}

/// Lists the caller's notifications, the newest first.
#[utoipa::path(
    get, path = "/notifications", params(Filter),
    responses(
        (status = OK, description = "A page of notifications.", body = Vec<Notification>,
            headers(("Link" = String, description = "`rel=\"next\"`: the page of older notifications, if there is one"))),
        Refusals,
    )
)]
pub(crate) async fn list(
    State(store): State<NotificationStore>,
    user: Recipient,
    Query(filter): Query<Filter>,
    uri: Uri,
) -> Result<Response, Problem> {
    let rows = store
        .newest_of(&user, &filter)
        .await
        .map_err(query_failed)?;
    Ok(Page::beginning(rows, filter.limit, |notification| notification.id.clone()).answer(&uri))
}
