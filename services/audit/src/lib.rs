//! The audit service: an append-only trail for each tenant, written and read by applications.
//!
//! ```text
//! request ─ guard ─▶ AuditCaller ─┬▶ entries ─▶ trail         INSERT and SELECT only
//!                                 └▶ verify ──▶ verification  each tenant's hash chain
//! ```
//!
//! An `AuditCaller` is a listed application with the role `AuditLog.Write`.

mod caller;
mod command_line;
mod cursor;
mod entries;
mod entry;
mod filter;
mod report;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod trail;
mod verification;
mod verify;

use axum::Router;
use axum::extract::FromRef;
use portcullis_chassis::Service;
use portcullis_database::Database;
use portcullis_guard::Applications;
use portcullis_runtime::{HttpService, Process, Registry, document};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use command_line::{Command, CommandLine, run_verify};
pub use schema::schema;
pub use settings::{AuditProgram, Settings};
use trail::AuditTrail;

/// State of the routes.
#[derive(Clone, Debug, FromRef)]
struct AuditState {
    trail: AuditTrail,
    applications: Applications,
}

impl AuditState {
    fn new(database: Database, applications: Applications) -> Self {
        Self {
            trail: AuditTrail { database },
            applications,
        }
    }
}

fn service() -> Service<AuditState> {
    let description = "An append-only audit trail: \
                       a hash chain for each tenant, written and read by applications.";
    Service {
        schema: schema(),
        api: OpenApiRouter::with_openapi(document("Audit", description))
            .routes(routes!(entries::append, entries::list))
            .routes(routes!(verify::verify)),
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
    service().router(AuditState::new(database, applications), http, protect)
}

/// Serves until shutdown.
pub fn serve(
    settings: Settings,
    process: Process,
    registry: &mut Registry,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    portcullis_chassis::serve(service(), settings, process, registry, AuditState::new)
}
