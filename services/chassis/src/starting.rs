use portcullis_database::{Database, DatabaseMetrics, DatabaseSettings};
use portcullis_guard::{Guard, GuardSettings};
use portcullis_runtime::{
    HttpService, OutboundSettings, PendingTask, Process, Registry, RequestLimits, http_client,
};

use crate::opened::Opened;
use crate::service::Service;

/// A service whose metrics are registered.
///
/// A program registers its metrics before it waits for anything, because `/metrics` is served from
/// the start.
pub struct Starting<S> {
    service: Service<S>,
    http_service: HttpService,
    database_metrics: DatabaseMetrics,
    process: Process,
    pending: PendingTask,
}

/// The settings of the database and the guard.
#[derive(Clone, Copy, Debug)]
pub struct StartSettings<'a> {
    /// The service's application in Entra, the audience of its callers' tokens; `None` for another
    /// provider.
    pub client_id: Option<&'a str>,
    /// The database.
    pub database: &'a DatabaseSettings,
    /// The issuer and gateway of callers.
    pub guard: &'a GuardSettings,
    /// Calls to other servers.
    pub outbound: &'a OutboundSettings,
}

impl<S> Starting<S> {
    /// Registers the metrics, and keeps `process` unready until the service listens.
    #[must_use]
    pub fn register(
        service: Service<S>,
        limits: &RequestLimits,
        process: Process,
        registry: &mut Registry,
    ) -> Self {
        let pending = process.pending("database and listener");
        Self {
            http_service: HttpService::new(service.schema.service, limits, registry),
            database_metrics: DatabaseMetrics::register(registry),
            service,
            process,
            pending,
        }
    }

    /// Opens the database and starts the guard.
    ///
    /// Returns `None` if the process stops while the database does not answer.
    pub async fn open(self, settings: StartSettings<'_>) -> anyhow::Result<Option<Opened<S>>> {
        let schema = &self.service.schema;
        let database = Database::start(
            settings.database,
            schema,
            self.database_metrics,
            &self.process,
        );
        let Some(database) = database.await? else {
            return Ok(None);
        };
        database.watch(&self.process);
        let http_client = http_client(settings.outbound)?;
        let guard = Guard::start(
            settings.guard,
            http_client.clone(),
            schema.service,
            settings.client_id,
            &self.process,
        )
        .await?;
        Ok(Some(Opened {
            database,
            http_client,
            guard,
            service: self.service,
            http_service: self.http_service,
            process: self.process,
            pending: self.pending,
        }))
    }
}
