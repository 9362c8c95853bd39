//! The notification service: sends on behalf of a user, and shows each user their own notifications only.
//!
//! ```text
//! request ─ guard ─▶ Notifier (a user with Notify.Send) ─▶ notifications ─▶ store (SQLite)
//! ```

mod access_log;
mod database;
mod notifications;
mod notifier;
mod public_routes;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};
use portcullis_guard::Guard;
use portcullis_runtime::{Process, bind, http_client, serve_http};
use sqlx::SqlitePool;

pub use database::open_database;
pub use settings::Settings;
use store::NotificationStore;

const BODY_LIMIT: usize = 16 * 1024;

/// Every route. `protect` is a parameter so that no caller can forget it: health alone stays outside.
pub fn router(database: SqlitePool, protect: impl FnOnce(Router) -> Router) -> Router {
    let api = Router::new()
        .route("/notify", post(notifications::notify))
        .route("/notifications", get(notifications::list))
        .with_state(NotificationStore::new(database));
    protect(api)
        .route("/health", get(public_routes::health))
        .fallback(public_routes::not_found)
        .method_not_allowed_fallback(public_routes::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(access_log::log_request))
}

/// Serves until shutdown. Not ready before the listener is bound.
pub fn serve(settings: Settings, process: Process) -> impl Future<Output = anyhow::Result<()>> {
    let starting = process.pending("database and listener");
    async move {
        let database = open_database(&settings.data_dir).await?;
        let http = http_client(&settings.outbound)?;
        let guard = Guard::start(&settings.guard, http, "notification", &settings.client_id, &process).await?;
        let listener = bind("--listen", settings.listen).await?;
        drop(starting);
        let outcome = serve_http(&process, listener, router(database.clone(), |api| guard.protect(api))).await;
        database.close().await;
        outcome
    }
}
