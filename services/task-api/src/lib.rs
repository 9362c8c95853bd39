//! The task API: the tasks of each user, separate by tenant and object id.
//!
//! ```text
//! request ─ guard ─▶ TaskUser ─▶ tasks ─▶ database ◀─ outbox ─▶ downstream: notification ∥ audit
//! ```
//!
//! A `TaskUser` is a user with the scope `access_as_user`.

mod clock;
mod downstream;
mod outbox;
mod profile;
mod settings;
mod task_user;
mod tasks;
#[cfg(test)]
mod tests;

use axum::Router;
use portcullis_database::{Database, DatabaseMetrics, Schema, migrations};
use portcullis_guard::Guard;
use portcullis_runtime::{
    HttpService, InvalidSettings, Listener, Process, Registry, described, document, http_client,
    serve_http,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use downstream::{Downstream, DownstreamMetrics};
use outbox::{Outbox, OutboxMetrics, Pace};
pub use settings::{DownstreamSettings, Settings};

const NAME: &str = "task-api";

/// State of the handlers.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    database: Database,
    outbox: Outbox,
}

/// The schema of the service's database.
#[must_use]
pub fn schema() -> Schema {
    Schema {
        service: NAME,
        sqlite: migrations([
            (
                1,
                "tasks",
                include_str!("../migrations/sqlite/0001_tasks.sql"),
            ),
            (
                2,
                "outbox",
                include_str!("../migrations/sqlite/0002_outbox.sql"),
            ),
        ]),
        postgres: migrations([
            (
                1,
                "tasks",
                include_str!("../migrations/postgres/0001_tasks.sql"),
            ),
            (
                2,
                "outbox",
                include_str!("../migrations/postgres/0002_outbox.sql"),
            ),
        ]),
    }
}

/// Every operation, and their OpenAPI document.
fn api() -> (Router<AppState>, OpenApi) {
    let description = "Tasks, separate by tenant and user; \
                       the notification and audit services receive each change.";
    OpenApiRouter::with_openapi(document("Task API", description))
        .merge(profile::routes())
        .merge(tasks::routes())
        .split_for_parts()
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> OpenApi {
    described(api().1)
}

/// Every route of this service, behind `protect`.
///
/// `protect` is a required parameter so that no program can omit it. Only health and the OpenAPI
/// document are outside.
pub(crate) fn router(
    state: AppState,
    service: &HttpService,
    protect: impl FnOnce(Router) -> Router,
) -> Router {
    let (api, document) = api();
    service.around(protect(api.with_state(state)), document)
}

/// Serves until shutdown.
///
/// The program is not ready before the listener is bound, nor while the database does not answer.
pub fn serve(
    settings: Settings,
    process: Process,
    registry: &mut Registry,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    let starting = process.pending("database and listener");
    let service = HttpService::new(NAME, &settings.limits, registry);
    let database_metrics = DatabaseMetrics::register(registry);
    let outbox_metrics = OutboxMetrics::register(registry);
    let downstream_metrics = DownstreamMetrics::register(registry);
    async move {
        let application = settings.application()?;
        application.credential.check().await.map_err(|error| {
            let flag = settings.credential.flag().unwrap_or_default();
            InvalidSettings(vec![format!("{flag}: {error}")])
        })?;
        tracing::info!(
            credential = application.credential.kind(),
            "credential of this application"
        );
        let opened =
            Database::start(&settings.database, &schema(), database_metrics, &process).await?;
        let Some(database) = opened else {
            return Ok(());
        };
        database.watch(&process);
        let http = http_client(&settings.outbound)?;
        let guard = Guard::start(
            &settings.guard,
            http.clone(),
            NAME,
            &settings.client_id,
            &process,
        )
        .await?;
        let downstream =
            Downstream::new(application, &settings.downstream, http, downstream_metrics);
        let pace = Pace::of_service(settings.outbound.call_timeout);
        let outbox = Outbox::start(database.clone(), downstream, outbox_metrics, pace).await?;
        let state = AppState {
            database: database.clone(),
            outbox: outbox.clone(),
        };
        let listener = Listener::bind("traffic", "--listen", &settings.listen.into()).await?;
        drop(starting);
        serve_http(
            &process,
            listener,
            router(state, &service, |api| guard.protect(api)),
        )
        .await;
        // The outbox stops after the last request, which may have left deliveries in hand.
        outbox.stop().await;
        database.close().await;
        Ok(())
    }
}
