//! The notification service: notifies users on their behalf, and shows them their notifications.
//!
//! ```text
//! request ─ guard ─┬▶ Notifier ──▶ notify ─▶ store
//!                  └▶ Recipient ─▶ list ───▶ store
//! ```
//!
//! A `Recipient` is a user with the scope `Notify.Send`. A `Notifier` is a listed application that
//! acts on behalf of a `Recipient`.

mod filter;
mod new_notification;
mod notifications;
mod notifier;
mod schema;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::FromRef;
use portcullis_chassis::Service;
use portcullis_database::Database;
use portcullis_guard::Applications;
use portcullis_runtime::{HttpService, Process, Registry, document};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use schema::schema;
pub use settings::{NotificationProgram, Settings};
use store::NotificationStore;

/// State of the routes.
#[derive(Clone, Debug, FromRef)]
struct NotificationState {
    store: NotificationStore,
    applications: Applications,
}

impl NotificationState {
    fn new(database: Database, applications: Applications) -> Self {
        Self {
            store: NotificationStore { database },
            applications,
        }
    }
}

fn service() -> Service<NotificationState> {
    let description =
        "Notifications to users, sent on a user's behalf and readable only by that user.";
    Service {
        schema: schema(),
        api: OpenApiRouter::with_openapi(document("Notification", description))
            .routes(routes!(notifications::notify))
            .routes(routes!(notifications::list)),
    }
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> OpenApi {
    service().openapi()
}

/// Every route of this service, behind `protect`; see [`Service::router`].
pub fn router(
    database: Database,
    applications: Applications,
    http: &HttpService,
    protect: impl FnOnce(Router) -> Router,
) -> Router {
    service().router(
        NotificationState::new(database, applications),
        http,
        protect,
    )
}

/// Serves until shutdown.
pub fn serve(
    settings: Settings,
    process: Process,
    registry: &mut Registry,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    portcullis_chassis::serve(
        service(),
        settings,
        process,
        registry,
        NotificationState::new,
    )
}
