use portcullis_database::Database;
use portcullis_guard::Applications;
use portcullis_runtime::{Process, Registry};

use crate::service::Service;
use crate::settings::{ServiceProgram, ServiceSettings};
use crate::starting::{StartSettings, Starting};

/// Serves until shutdown, with the state that `state` makes.
///
/// It is for a service that starts and stops nothing else than its database and guard.
pub fn serve<S, P, F>(
    service: Service<S>,
    settings: ServiceSettings<P>,
    process: Process,
    registry: &mut Registry,
    state: F,
) -> impl Future<Output = anyhow::Result<()>> + use<S, P, F>
where
    S: Clone + Send + Sync + 'static,
    P: ServiceProgram,
    F: FnOnce(Database, Applications) -> S,
{
    let starting = Starting::register(service, &settings.limits, process, registry);
    async move {
        let start = StartSettings {
            client_id: settings.client_id.as_deref(),
            database: &settings.database,
            guard: &settings.guard,
            outbound: &settings.outbound,
        };
        let Some(opened) = starting.open(start).await? else {
            return Ok(());
        };
        let database = opened.database().clone();
        let state = state(database.clone(), settings.applications.list());
        opened.serve(settings.listen, state).await?;
        database.close().await;
        Ok(())
    }
}
