//! The notification service: sends on behalf of a user, and shows each user their own notifications
//! only.
//!
//! ```text
//! request ─ guard ─┬▶ Notifier (a listed application in the name of a user with Notify.Send) ─▶ notify ─▶ store
//!                  └▶ Recipient (a user with Notify.Send) ────────────────────────────────────▶ list ───▶ store
//! ```

mod notifications;
mod notifier;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::FromRef;
use portcullis_database::{Database, DatabaseMetrics, Schema, migrations};
use portcullis_guard::{Applications, Guard};
use portcullis_runtime::{
    HttpService, Listener, Process, Registry, described, document, http_client, serve_http,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use settings::Settings;
use store::NotificationStore;

const NAME: &str = "notification";

/// What the routes work with.
#[derive(Clone, Debug, FromRef)]
struct NotificationState {
    store: NotificationStore,
    applications: Applications,
}

/// The tables.
#[must_use]
pub fn schema() -> Schema {
    Schema {
        service: NAME,
        sqlite: migrations([(
            1,
            "notifications",
            include_str!("../migrations/sqlite/0001_notifications.sql"),
        )]),
        postgres: migrations([(
            1,
            "notifications",
            include_str!("../migrations/postgres/0001_notifications.sql"),
        )]),
    }
}

fn api() -> OpenApiRouter<NotificationState> {
    let description =
        "Notifications to a user, sent in the user's name and readable by that user alone.";
    OpenApiRouter::with_openapi(document("Notification", description))
        .routes(routes!(notifications::notify))
        .routes(routes!(notifications::list))
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    described(api().into_openapi())
}

/// Every route. `protect` is a parameter so that no caller can forget it: health and the document
/// alone stay outside.
pub fn router(
    database: Database,
    applications: Applications,
    service: &HttpService,
    protect: impl FnOnce(Router) -> Router,
) -> Router {
    let state = NotificationState {
        store: NotificationStore { database },
        applications,
    };
    let (api, document) = api().with_state(state).split_for_parts();
    service.around(protect(api), document)
}

/// Serves until shutdown. Not ready before the listener is bound.
pub fn serve(
    settings: Settings,
    process: Process,
    registry: &mut Registry,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    let starting = process.pending("database and listener");
    let service = HttpService::new(NAME, &settings.limits, registry);
    let database_metrics = DatabaseMetrics::register(registry);
    async move {
        let opened =
            Database::start(&settings.database, &schema(), database_metrics, &process).await?;
        let Some(database) = opened else {
            return Ok(());
        };
        database.watch(&process);
        let http = http_client(&settings.outbound)?;
        let guard =
            Guard::start(&settings.guard, http, NAME, &settings.client_id, &process).await?;
        let listener = Listener::bind("traffic", "--listen", &settings.listen.into()).await?;
        drop(starting);
        let router = router(
            database.clone(),
            settings.applications.list(),
            &service,
            |api| guard.protect(api),
        );
        serve_http(&process, listener, router).await;
        database.close().await;
        Ok(())
    }
}
