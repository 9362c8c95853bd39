//! The task API: the tasks of each user, separate by tenant and object id.
//!
//! ```text
//! request ─ guard ─▶ TaskUser ─▶ tasks ─▶ database ◀─ outbox ─▶ downstream: notification ∥ audit
//! ```
//!
//! A `TaskUser` is a user with the scope `access_as_user`.

mod app_state;
mod clock;
mod downstream;
mod outbox;
mod profile;
mod schema;
mod settings;
mod task_user;
mod tasks;
#[cfg(test)]
mod tests;

use portcullis_chassis::{Service, Starting};
use portcullis_entra_client::Application;
use portcullis_runtime::{InvalidSettings, Process, Registry, document};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use app_state::AppState;
pub use downstream::DownstreamSettings;
use downstream::{Downstream, DownstreamMetrics};
use outbox::{Outbox, OutboxMetrics, Pace};
pub use schema::schema;
pub use settings::Settings;
use tasks::OLD_CREATIONS;

fn service() -> Service<AppState> {
    let description = "Tasks, separate by tenant and user; \
                       the notification and audit services receive each change.";
    Service {
        schema: schema(),
        api: OpenApiRouter::with_openapi(document("Task API", description))
            .merge(profile::routes())
            .merge(tasks::routes()),
    }
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> OpenApi {
    service().openapi()
}

/// Serves until shutdown.
pub fn serve(
    settings: Settings,
    process: Process,
    registry: &mut Registry,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    let starting = Starting::register(service(), &settings.limits, process, registry);
    let outbox_metrics = OutboxMetrics::register(registry);
    let downstream_metrics = DownstreamMetrics::register(registry);
    async move {
        let application = checked_application(&settings).await?;
        let Some(opened) = starting.open(settings.start_settings()).await? else {
            return Ok(());
        };
        let database = opened.database().clone();
        let downstream = Downstream::new(
            application,
            &settings.downstream,
            opened.http_client().clone(),
            downstream_metrics,
        );
        let pace = Pace::of_service(settings.outbound.call_timeout);
        let outbox = Outbox::start(
            database.clone(),
            downstream,
            outbox_metrics,
            pace,
            OLD_CREATIONS,
        )
        .await?;
        let state = AppState {
            database: database.clone(),
            outbox: outbox.clone(),
        };
        opened.serve(settings.listen, state).await?;
        // The outbox stops after the last request, which may have left deliveries in hand.
        outbox.stop().await;
        database.close().await;
        Ok(())
    }
}

/// The application as which this API requests tokens. Its credential can be read.
async fn checked_application(settings: &Settings) -> anyhow::Result<Application> {
    let application = settings.application()?;
    application.credential.check().await.map_err(|error| {
        let flag = settings.credential.flag().unwrap_or_default();
        InvalidSettings(vec![format!("{flag}: {error}")])
    })?;
    tracing::info!(
        credential = application.credential.kind(),
        "credential of this application"
    );
    Ok(application)
}
