//! The notification service: notifies users on their behalf, and shows them their notifications.
//!
//! ```text
//! request ─ guard ─┬▶ Notifier ──▶ notify ─▶ store
//!                  └▶ Recipient ─▶ list ───▶ store
//! ```
//!
//! A `Recipient` is a user with the scope `Notify.Send`. A `Notifier` is a listed application that
//! acts on behalf of a `Recipient`.

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

/// State of the routes.
#[derive(Clone, Debug, FromRef)]
struct NotificationState {
    store: NotificationStore,
    applications: Applications,
}

/// The schema of the service's database.
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
        "Notifications to users, sent on a user's behalf and readable only by that user.";
    OpenApiRouter::with_openapi(document("Notification", description))
        .routes(routes!(notifications::notify))
        .routes(routes!(notifications::list))
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> OpenApi {
    described(api().into_openapi())
}

/// Every route of this service, behind `protect`.
///
/// `protect` is a required parameter so that no program can omit it. Only health and the OpenAPI
/// document are outside.
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

/// Serves until shutdown. The program is not ready before the listener is bound.
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
