use std::net::SocketAddr;

use portcullis_database::Database;
use portcullis_guard::Guard;
use portcullis_runtime::{HttpService, Listener, PendingTask, Process, serve_http};
use reqwest::Client;

use crate::service::Service;

/// A service with an open database and a guard.
pub struct Opened<S> {
    pub(crate) database: Database,
    pub(crate) http_client: Client,
    pub(crate) guard: Guard,
    pub(crate) service: Service<S>,
    pub(crate) http_service: HttpService,
    pub(crate) process: Process,
    pub(crate) pending: PendingTask,
}

impl<S: Clone + Send + Sync + 'static> Opened<S> {
    /// The database. Close it after [`Opened::serve`].
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The client for calls to other servers.
    #[must_use]
    pub fn http_client(&self) -> &Client {
        &self.http_client
    }

    /// Serves requests at `listen` until shutdown.
    ///
    /// The program is not ready before the listener is bound.
    pub async fn serve(self, listen: SocketAddr, state: S) -> anyhow::Result<()> {
        let listener = Listener::bind("traffic", "--listen", &listen.into()).await?;
        drop(self.pending);
        let guard = self.guard;
        let router = self
            .service
            .router(state, &self.http_service, |api| guard.protect(api));
        serve_http(&self.process, listener, router).await;
        Ok(())
    }
}
