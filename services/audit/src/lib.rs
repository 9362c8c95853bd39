//! The audit service: an append-only trail that applications write and read, kept apart by their tenants.
//!
//! ```text
//! request ─ guard ─▶ Writer (an application with AuditLog.Write) ─▶ entries ─▶ trail (SQLite, INSERT and SELECT only)
//! ```

mod entries;
mod settings;
#[cfg(test)]
mod tests;
mod trail;
mod writer;

use std::path::Path;

use axum::Router;
use axum::routing::post;
use portcullis_guard::Guard;
use portcullis_runtime::{Process, bind, http_client, http_service, serve_http};
use sqlx::SqlitePool;

pub use settings::Settings;
use trail::AuditTrail;

/// Every route. `protect` is a parameter so that no caller can forget it: health alone stays outside.
pub fn router(database: SqlitePool, protect: impl FnOnce(Router) -> Router) -> Router {
    let api =
        Router::new().route("/audit", post(entries::append).get(entries::list)).with_state(AuditTrail::new(database));
    http_service("audit", protect(api))
}

/// Opens the service's database in `data_dir`, creating both when missing.
pub async fn open_database(data_dir: &Path) -> anyhow::Result<SqlitePool> {
    portcullis_database::open_database(data_dir, "audit.sqlite", &sqlx::migrate!()).await
}

/// Serves until shutdown. Not ready before the listener is bound.
pub fn serve(settings: Settings, process: Process) -> impl Future<Output = anyhow::Result<()>> {
    let starting = process.pending("database and listener");
    async move {
        let database = open_database(&settings.data_dir).await?;
        let http = http_client(&settings.outbound)?;
        let guard = Guard::start(&settings.guard, http, "audit", &settings.client_id, &process).await?;
        let listener = bind("--listen", settings.listen).await?;
        drop(starting);
        let outcome = serve_http(&process, listener, router(database.clone(), |api| guard.protect(api))).await;
        database.close().await;
        outcome
    }
}
