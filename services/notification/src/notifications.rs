//! HTTP handlers of notifications.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use portcullis_database::query_failed;
use portcullis_runtime::{
    BodyProblemResponses, IdempotencyKey, JsonBody, Page, Problem, ProblemResponses, Query,
};
use serde::Serialize;

use crate::filter::Filter;
use crate::new_notification::NewNotification;
use crate::notifier::{Notifier, Recipient};
use crate::store::{Notification, NotificationStore};

/// The reply for a sent notification.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Sent {
    /// Always `sent`.
    status: &'static str,
    /// The user's e-mail address, else the name; null if the token has neither.
    #[schema(required)]
    to: Option<String>,
    event: String,
    task_title: String,
}

/// Notifies the user on whose behalf the call is made. A request with an `Idempotency-Key` that was
/// used before sends nothing, and gets the same reply.
#[utoipa::path(
    post,
    path = "/notify",
    request_body = NewNotification,
    params((
        "Idempotency-Key" = Option<String>,
        Header,
        min_length = 1,
        max_length = 128,
        pattern = "^[!-~]+$",
        description = "Distinguishes a retried request from a second one"
    )),
    responses(
        (status = OK, description = "The notification is sent.", body = Sent),
        BodyProblemResponses,
    )
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
    get,
    path = "/notifications",
    params(Filter),
    responses(
        (
            status = OK,
            description = "A page of notifications.",
            body = Vec<Notification>,
            headers((
                "Link" = String,
                description = "`rel=\"next\"`: the page of older notifications, if there is one"
            ))
        ),
        ProblemResponses,
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
