//! The task API: each user's tasks, kept apart by tenant and object id.
//!
//! ```text
//! request ─ guard ─▶ TaskUser (a user with access_as_user) ─▶ tasks ─▶ store (SQLite)
//!                                                               └────▶ downstream: notification ∥ audit
//! ```

mod downstream;
mod profile;
mod settings;
mod task_user;
mod tasks;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, patch};
use portcullis_guard::Guard;
use portcullis_runtime::{InvalidSettings, Process, Registry, bind, http_client, http_service, serve_http};
use sqlx::SqlitePool;

pub use downstream::{Downstream, DownstreamMetrics};
pub use settings::{DownstreamSettings, Settings};
use tasks::TaskStore;

/// What handlers share.
#[derive(Clone, Debug)]
pub struct AppState {
    tasks: TaskStore,
    downstream: Arc<Downstream>,
}

impl AppState {
    /// Tasks in `database`; changes are told to `downstream`.
    #[must_use]
    pub fn new(database: SqlitePool, downstream: Downstream) -> Self {
        Self { tasks: TaskStore::new(database), downstream: Arc::new(downstream) }
    }
}

/// Every route. `protect` is a parameter so that no caller can forget it: health alone stays outside.
pub fn router(state: AppState, protect: impl FnOnce(Router) -> Router) -> Router {
    let api = Router::new()
        .route("/api/me", get(profile::show))
        .route("/api/tasks", get(tasks::list).post(tasks::create))
        .route("/api/tasks/{id}", patch(tasks::update).delete(tasks::delete))
        .with_state(state);
    http_service("task-api", protect(api))
}

/// Opens the service's database in `data_dir`, creating both when missing.
pub async fn open_database(data_dir: &Path) -> anyhow::Result<SqlitePool> {
    portcullis_database::open_database(data_dir, "task-api.sqlite", &sqlx::migrate!()).await
}

/// Serves until shutdown. Not ready before the listener is bound.
pub fn serve(
    settings: Settings,
    process: Process,
    registry: &mut Registry,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    let starting = process.pending("database and listener");
    let metrics = DownstreamMetrics::register(registry);
    async move {
        let application = settings.application()?;
        application.credential.check().await.map_err(|error| {
            let kind = application.credential.kind();
            InvalidSettings(vec![format!("{kind} of this application: {error}")])
        })?;
        tracing::info!(credential = application.credential.kind(), "this application proves itself");
        let database = open_database(&settings.data_dir).await?;
        let http = http_client(&settings.outbound)?;
        let guard = Guard::start(&settings.guard, http.clone(), "task-api", &settings.client_id, &process).await?;
        let downstream = Downstream::new(application, &settings.downstream, http, metrics);
        let state = AppState::new(database.clone(), downstream);
        let listener = bind("--listen", settings.listen).await?;
        drop(starting);
        let outcome = serve_http(&process, listener, router(state, |api| guard.protect(api))).await;
        database.close().await;
        outcome
    }
}
