use std::time::Duration;

use axum::{Extension, Router};
use dev_service::{Answer, Backend, Place, answer, request};
use portcullis_guard::{Authenticated, BearerToken};
use portcullis_runtime::{HttpService, Registry, RequestLimits};
use portcullis_token::{Caller, CallerKind};
use serde_json::{Value, json};

use crate::app_state::AppState;
use crate::downstream::Downstream;
use crate::downstream::fake_servers::{DEADLINE, FakeServers, unreachable_services};
use crate::outbox::{Outbox, OutboxMetrics, Pace};
use crate::tasks::OLD_CREATIONS;
use crate::{schema, service};

/// Maximum wait of a test, far longer than any of its steps takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Short times, because tests wait for retries.
pub(crate) const PACE: Pace = Pace {
    attempt: DEADLINE,
    first_pause: Duration::from_millis(20),
    longest_pause: Duration::from_millis(100),
    claim: Duration::from_secs(2),
    poll_interval: Duration::from_millis(20),
    heartbeat_interval: Duration::from_millis(100),
    heartbeat_ttl: Duration::from_millis(700),
    deliveries_at_a_time: 64,
};

/// A service with a database of its own.
pub(crate) struct Service {
    pub(crate) state: AppState,
    pub(crate) registry: Registry,
    http: HttpService,
    pub(crate) place: Place,
}

pub(crate) fn caller(tenant: &str, oid: &str, roles: &[&str]) -> Caller {
    Caller {
        tenant: tenant.to_owned(),
        object_id: oid.to_owned(),
        kind: CallerKind::User,
        actor: Some("spa".to_owned()),
        name: Some(format!("{oid} Müller")),
        email: Some(format!("{oid}@example.com")),
        roles: roles.iter().map(ToString::to_string).collect(),
        scopes: vec!["access_as_user".to_owned()],
    }
}

/// A caller without a token, so that no call on their behalf is possible.
pub(crate) fn without_token(caller: &Caller) -> Authenticated {
    Authenticated {
        caller: caller.clone(),
        token: None,
    }
}

pub(crate) fn with_token(caller: &Caller) -> Authenticated {
    let token = BearerToken::new(format!("token of {}", caller.object_id));
    Authenticated {
        caller: caller.clone(),
        token: Some(token),
    }
}

pub(crate) fn statuses(task: &Value) -> (&str, &str) {
    (
        task["notification_status"].as_str().unwrap(),
        task["audit_status"].as_str().unwrap(),
    )
}

impl Service {
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::open(
            Place::new(backend, schema).await,
            unreachable_services().await,
            PACE,
        )
        .await
    }

    pub(crate) async fn with_fake(backend: Backend, fake: &FakeServers) -> Self {
        Self::open(Place::new(backend, schema).await, fake.start().await, PACE).await
    }

    pub(crate) async fn open(place: Place, downstream: Downstream, timing: Pace) -> Self {
        let database = place.open().await;
        let mut registry = Registry::default();
        let http = HttpService::new("task-api", &RequestLimits::default(), &mut registry);
        let metrics = OutboxMetrics::register(&mut registry);
        let outbox = Outbox::start(database.clone(), downstream, metrics, timing, OLD_CREATIONS)
            .await
            .unwrap();
        Self {
            state: AppState { database, outbox },
            registry,
            http,
            place,
        }
    }

    pub(crate) fn public(&self) -> Router {
        service().router(self.state.clone(), &self.http, |api| api)
    }

    pub(crate) fn router(&self, authenticated: Authenticated) -> Router {
        service().router(self.state.clone(), &self.http, |api| {
            api.layer(Extension(authenticated))
        })
    }

    /// Sends `method path` with an optional body.
    pub(crate) async fn send(&self, caller: &Caller, line: &str, body: Option<Value>) -> Answer {
        self.send_as(without_token(caller), line, &[], body).await
    }

    pub(crate) async fn send_as(
        &self,
        caller: Authenticated,
        line: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        answer(self.router(caller), request(line, headers, body.as_ref())).await
    }

    pub(crate) async fn create(&self, caller: &Caller, title: &str) -> i64 {
        let created = self
            .send(caller, "POST /api/tasks", Some(json!({ "title": title })))
            .await;
        assert_eq!(created.status, 201, "{created:?}");
        created.body["id"].as_i64().unwrap()
    }

    /// Creates a task with the caller's token, and returns it.
    pub(crate) async fn create_with_token(&self, caller: &Caller, title: &str) -> Value {
        let body = Some(json!({ "title": title }));
        let created = self
            .send_as(with_token(caller), "POST /api/tasks", &[], body)
            .await;
        assert_eq!(created.status, 201, "{created:?}");
        created.body
    }

    /// The task, as `caller` reads it.
    pub(crate) async fn task(&self, caller: &Caller, id: &Value) -> Value {
        self.send(caller, &format!("GET /api/tasks/{id}"), None)
            .await
            .body
    }

    pub(crate) async fn titles(&self, caller: &Caller) -> Vec<String> {
        let tasks = self.send(caller, "GET /api/tasks", None).await;
        assert_eq!(tasks.status, 200, "{tasks:?}");
        titles_of(&tasks.body)
    }

    /// Reads the task until its statuses are these.
    pub(crate) async fn until(&self, caller: &Caller, id: &Value, expected: (&str, &str)) -> Value {
        let reading = async {
            loop {
                let task = self.task(caller, id).await;
                if statuses(&task) == expected {
                    return task;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if let Ok(task) = tokio::time::timeout(PATIENCE, reading).await {
            return task;
        }
        panic!("never {expected:?}: {}", self.task(caller, id).await)
    }
}

pub(crate) fn titles_of(tasks: &Value) -> Vec<String> {
    tasks
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["title"].as_str().unwrap().to_owned())
        .collect()
}
