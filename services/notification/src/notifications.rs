//! Notifications over HTTP.

use axum::Json;
use axum::extract::State;
use portcullis_runtime::{JsonBody, Problem};
use serde::{Deserialize, Serialize};

use crate::database::query_failed;
use crate::notifier::Notifier;
use crate::store::{Notification, NotificationStore};

/// Text of 1 to `MAX` characters.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Text<const MAX: usize>(String);

/// What to notify of; the recipient is the caller, whatever the body says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNotification {
    pub(crate) event: Text<64>,
    pub(crate) task_title: Text<200>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    status: &'static str,
    to: Option<String>,
    event: Text<64>,
    task_title: Text<200>,
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

impl<const MAX: usize> Text<MAX> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if (1..=MAX).contains(&length) {
            Ok(Self(text))
        } else {
            Err(format!("expected 1 to {MAX} characters, found {length}"))
        }
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}
