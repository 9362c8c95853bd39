//! The notification service: sends on behalf of a user, and shows each user their own notifications only.
//!
//! ```text
//! request ─ guard ─▶ Notifier (a user with Notify.Send) ─▶ notifications ─▶ store (SQLite)
//! ```

mod notifications;
mod notifier;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use std::path::Path;

use axum::Router;
use axum::routing::{get, post};
use portcullis_guard::Guard;
use portcullis_runtime::{Process, bind, http_client, http_service, serve_http};
use sqlx::SqlitePool;

pub use settings::Settings;
use store::NotificationStore;

/// Every route. `protect` is a parameter so that no caller can forget it: health alone stays outside.
pub fn router(database: SqlitePool, protect: impl FnOnce(Router) -> Router) -> Router {
    let api = Router::new()
        .route("/notify", post(notifications::notify))
        .route("/notifications", get(notifications::list))
        .with_state(NotificationStore::new(database));
    http_service("notification", protect(api))
}

/// Opens the service's database in `data_dir`, creating both when missing.
pub async fn open_database(data_dir: &Path) -> anyhow::Result<SqlitePool> {
    portcullis_database::open_database(data_dir, "notification.sqlite", &sqlx::migrate!()).await
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
