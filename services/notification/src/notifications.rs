//! Notifications over HTTP.

use axum::Json;
use axum::extract::State;
use portcullis_runtime::{BoundedText, JsonBody, Problem};
use serde::{Deserialize, Serialize};

use crate::notifier::Notifier;
use crate::store::{Notification, NotificationStore};
use portcullis_database::query_failed;

/// What to notify of; the recipient is the caller, whatever the body says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNotification {
    pub(crate) event: BoundedText<64>,
    pub(crate) task_title: BoundedText<200>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    status: &'static str,
    to: Option<String>,
    event: BoundedText<64>,
    task_title: BoundedText<200>,
}

/// Notifies the caller.
pub(crate) async fn notify(
    State(store): State<NotificationStore>,
    notifier: Notifier,
    JsonBody(new): JsonBody<NewNotification>,
) -> Result<Json<Sent>, Problem> {
    let to = store.add(&notifier, &new).await.map_err(query_failed)?;
    Ok(Json(Sent { status: "sent", to, event: new.event, task_title: new.task_title }))
}

/// The caller's last notifications, newest first.
pub(crate) async fn list(
    State(store): State<NotificationStore>,
    notifier: Notifier,
) -> Result<Json<Vec<Notification>>, Problem> {
    store.newest_of(&notifier).await.map(Json).map_err(query_failed)
}
