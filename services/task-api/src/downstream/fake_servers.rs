//! A server that imitates the token endpoint and both services.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use clap::Parser;
use portcullis_entra_client::{Application, CredentialSettings};
use portcullis_runtime::Registry;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::{Downstream, DownstreamMetrics, DownstreamSettings};

/// The deadline of calls in tests. It is short because tests wait for it.
pub(crate) const DEADLINE: Duration = Duration::from_millis(400);

/// How an endpoint of the fake server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Success,
    TokenDenied,
    /// A service denies the request.
    Forbidden,
    /// A service has a fault.
    Fault,
    /// The token endpoint answers with a claims challenge, and a service with 503 at first.
    Obstacle,
    Hang,
}

#[derive(Clone, Debug)]
pub(crate) struct FakeServers {
    token: Answer,
    service: Arc<Mutex<Answer>>,
    expires_in: u64,
    /// Every request: the path, then the form or the body with its bearer token.
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl FakeServers {
    pub(crate) fn new(token: Answer, service: Answer) -> Self {
        Self {
            token,
            service: Arc::new(Mutex::new(service)),
            expires_in: 3600,
            seen: Arc::default(),
        }
    }

    /// Changes how the services answer from now on.
    pub(crate) fn turn(&self, service: Answer) {
        *self.service.lock().unwrap() = service;
    }

    /// Makes the token endpoint issue tokens that expire at once.
    pub(crate) fn with_tokens_stale_at_once(self) -> Self {
        Self {
            expires_in: 0,
            ..self
        }
    }

    pub(crate) async fn start(&self) -> Downstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let router = Router::new()
            .route("/{tenant}/oauth2/v2.0/token", post(token_endpoint))
            .route("/svc/{endpoint}", post(service_endpoint))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        downstream_at(&base)
    }

    /// The bodies, or forms, of the requests to `path`.
    pub(crate) fn requests(&self, path: &str) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|(seen, _)| seen == path)
            .map(|(_, value)| value.clone())
            .collect()
    }
}

/// Services at an address where nothing listens.
pub(crate) async fn unreachable_services() -> Downstream {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    downstream_at(&Url::parse(&format!("http://{free}")).unwrap())
}

#[derive(Parser)]
struct Credential {
    #[command(flatten)]
    settings: CredentialSettings,
}

fn downstream_at(base: &Url) -> Downstream {
    let credential = Credential::try_parse_from(["test", "--client-secret", "s3cret"])
        .unwrap()
        .settings;
    let application = Application {
        authority: base.clone(),
        home_tenant: "home".to_owned(),
        client_id: "task-api-id".to_owned(),
        credential: credential.credential().unwrap(),
    };
    let services = DownstreamSettings {
        notification_client_id: "notification-id".to_owned(),
        notification_url: base.join("svc").unwrap(),
        audit_client_id: "audit-id".to_owned(),
        audit_url: base.join("svc/").unwrap(),
        downstream_timeout: DEADLINE,
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Downstream::new(
        application,
        &services,
        http,
        DownstreamMetrics::register(&mut Registry::default()),
    )
}

async fn token_endpoint(
    State(fake): State<FakeServers>,
    Path(tenant): Path<String>,
    Form(form): Form<Value>,
) -> Response {
    fake.seen
        .lock()
        .unwrap()
        .push((format!("{tenant}/token"), form.clone()));
    let token = format!("token.for.{}", form["scope"].as_str().unwrap());
    let error = json!({
        "error": "invalid_client",
        "error_codes": [7_000_215],
        "error_description": "AADSTS7000215 …",
    });
    let challenge = json!({ "error": "interaction_required", "claims": "{\"access_token\":{}}" });
    match fake.token {
        Answer::Success => {
            let reply = json!({
                "token_type": "Bearer",
                "expires_in": fake.expires_in,
                "access_token": token,
            });
            Json(reply).into_response()
        }
        Answer::TokenDenied | Answer::Forbidden => {
            (StatusCode::UNAUTHORIZED, Json(error)).into_response()
        }
        Answer::Fault => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answer::Obstacle => (StatusCode::BAD_REQUEST, Json(challenge)).into_response(),
        Answer::Hang => std::future::pending().await,
    }
}

async fn service_endpoint(
    State(fake): State<FakeServers>,
    Path(endpoint): Path<String>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> Response {
    for name in ["authorization", "idempotency-key"] {
        body[name] = headers[name].to_str().unwrap().into();
    }
    let earlier = fake.requests(&endpoint).len();
    fake.seen.lock().unwrap().push((endpoint, body));
    let service = *fake.service.lock().unwrap();
    match service {
        Answer::Forbidden => StatusCode::FORBIDDEN.into_response(),
        Answer::Fault => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answer::TokenDenied => (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "title": "Unauthorized" })),
        )
            .into_response(),
        // The service is busy at first, as while it starts.
        Answer::Obstacle if earlier == 0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Answer::Success | Answer::Obstacle => Json(json!({ "status": "done" })).into_response(),
        Answer::Hang => std::future::pending().await,
    }
}
