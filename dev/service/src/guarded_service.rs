use axum::Router;
use clap::Parser;
use portcullis_chassis::{ServiceProgram, ServiceSettings};
use portcullis_database::{Database, DatabaseMetrics, Schema};
use portcullis_guard::{Applications, Guard};
use portcullis_runtime::{HttpService, Process, Registry};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Answer, Trusted, answer, request};

/// A service behind its guard, and the issuer and authz server that it trusts.
#[expect(missing_debug_implementations, reason = "keys, and servers that run")]
pub struct GuardedService {
    pub trusted: Trusted,
    router: Router,
    _directory: TempDir,
}

/// The ids of a service and its caller.
#[derive(Clone, Copy, Debug)]
pub struct Ids<'a> {
    /// The service's application.
    pub client: &'a str,
    /// The only application that may call.
    pub allowed: &'a str,
}

/// The audience of a token for a service, and whether the service accepts it.
#[derive(Debug)]
pub struct Audience {
    pub name: &'static str,
    /// The format of the token, 1 or 2.
    pub version: u8,
    pub audience: String,
    pub status: u16,
}

impl GuardedService {
    /// Starts with the routes that `router` makes.
    pub async fn start<P: ServiceProgram>(
        ids: Ids<'_>,
        schema: Schema,
        router: impl FnOnce(Database, Applications, &HttpService, &Guard) -> Router,
    ) -> Self {
        let trusted = Trusted::start().await;
        let directory = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = [
            schema.service,
            "--client-id",
            ids.client,
            "--allowed-applications",
            ids.allowed,
            "--data-dir",
            directory.path().to_str().unwrap(),
        ]
        .map(str::to_owned)
        .into();
        arguments.extend(trusted.settings());
        let settings = ServiceSettings::<P>::parse_from(arguments);
        let guard = Guard::start(
            &settings.guard,
            trusted.http.clone(),
            schema.service,
            settings.client_id.as_deref(),
            &Process::detached(),
        )
        .await
        .unwrap();
        let database = Database::open(&settings.database, &schema, DatabaseMetrics::default())
            .await
            .unwrap();
        let http = HttpService::new(schema.service, &settings.limits, &mut Registry::default());
        Self {
            trusted,
            router: router(database, settings.applications.list(), &http, &guard),
            _directory: directory,
        }
    }

    /// Sends `line`, such as `GET /audit`.
    pub async fn send(&self, line: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        answer(self.router.clone(), request(line, headers, Some(body))).await
    }

    /// Sends `line` with a token that has `claims`.
    pub async fn send_with(&self, claims: &Value, line: &str, body: &Value) -> Answer {
        let authorization = self.trusted.authorization(claims).await;
        self.send(line, &[("authorization", &authorization)], body)
            .await
    }
}

impl Ids<'_> {
    /// Audiences of tokens for the service and for others.
    #[must_use]
    pub fn audiences(&self) -> [Audience; 6] {
        let row = |name, version, audience: &str, status| Audience {
            name,
            version,
            audience: audience.to_owned(),
            status,
        };
        let uri = format!("api://{}", self.client);
        [
            row("id in version 1", 1, self.client, 200),
            row("URI in version 1", 1, &uri, 200),
            row("another id in version 1", 1, self.allowed, 401),
            row("another URI in version 1", 1, "api://other", 401),
            row("id in version 2", 2, self.client, 200),
            // The audience of Entra's tokens of version 2 is always the id.
            row("URI in version 2", 2, &uri, 401),
        ]
    }
}
