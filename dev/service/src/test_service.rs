use std::sync::Arc;

use axum::{Extension, Router};
use futures::future::join_all;
use portcullis_chassis::Service;
use portcullis_database::{Backend, Database, Schema};
use portcullis_guard::Authenticated;
use portcullis_runtime::{HttpService, Registry, RequestLimits};
use portcullis_token::Caller;
use serde_json::Value;

use crate::{Answer, Place, answer, request};

/// A service over an empty database. The test names the caller of a request, in place of a guard.
#[expect(missing_debug_implementations, reason = "a router has none")]
pub struct TestService<S> {
    pub database: Database,
    place: Arc<Place>,
    service: fn() -> Service<S>,
    state: fn(Database) -> S,
}

impl<S: Clone + Send + Sync + 'static> TestService<S> {
    /// Starts with the state that `state` makes of the database.
    pub async fn start(
        backend: Backend,
        schema: fn() -> Schema,
        service: fn() -> Service<S>,
        state: fn(Database) -> S,
    ) -> Self {
        let place = Arc::new(Place::new(backend, schema).await);
        Self {
            database: place.open().await,
            place,
            service,
            state,
        }
    }

    /// Another replica of the service, over the same database.
    pub async fn replica(&self) -> Self {
        Self {
            database: self.place.open().await,
            place: Arc::clone(&self.place),
            ..*self
        }
    }

    /// Sends `line`, such as `GET /audit`, as `caller`.
    pub async fn send(
        &self,
        caller: &Caller,
        line: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let authenticated = Authenticated {
            caller: caller.clone(),
            token: None,
        };
        let router = self.router(|api| api.layer(Extension(authenticated)));
        answer(router, request(line, headers, body)).await
    }

    /// Sends twelve equal requests at the same time, through four replicas.
    pub async fn send_at_once(
        &self,
        caller: &Caller,
        line: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Vec<Answer> {
        let replicas = join_all((0..4).map(|_| self.replica())).await;
        let sent = (0..3).flat_map(|_| &replicas);
        join_all(sent.map(|replica| replica.send(caller, line, headers, Some(body)))).await
    }

    /// Every route, behind `protect`.
    pub fn router(&self, protect: impl FnOnce(Router) -> Router) -> Router {
        let service = (self.service)();
        let http = HttpService::new(
            service.schema.service,
            &RequestLimits::default(),
            &mut Registry::default(),
        );
        service.router((self.state)(self.database.clone()), &http, protect)
    }
}
