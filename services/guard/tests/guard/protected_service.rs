use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::any;
use axum::{Json, Router};
use clap::Parser;
use portcullis_guard::{Authenticated, Guard, GuardSettings};
use portcullis_runtime::Process;
use reqwest::Client;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::issuer::Issuer;
use crate::{CONTOSO, TASK_API, UPSTREAM};

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    guard: GuardSettings,
}

/// Settings of a service with the home tenant Contoso, from flags.
pub(crate) fn settings(authority: &str, more: &[&str]) -> GuardSettings {
    let always = [
        "service",
        "--home-tenant",
        CONTOSO,
        "--authority",
        authority,
    ];
    Program::parse_from(always.iter().chain(more)).guard
}

/// `TRUST_GATEWAY`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GatewayTrust {
    On,
    Off,
}

/// A router behind a guard, which answers with the verified caller.
pub(crate) struct ProtectedService(Router);

/// A status with its `WWW-Authenticate` challenge and its body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) challenge: Option<String>,
    pub(crate) body: Value,
}

impl ProtectedService {
    /// Starts with the URL of an authz server's keys. Its assertions count only if `trust` is on.
    pub(crate) async fn start(issuer: &Issuer, keys_url: &str, trust: GatewayTrust) -> Self {
        let flags = match trust {
            GatewayTrust::On => &["--gateway-keys", keys_url, "--trust-gateway"][..],
            GatewayTrust::Off => &["--gateway-keys", keys_url],
        };
        Self::start_with(issuer, flags).await
    }

    /// Starts with `flags` beside those that every service has.
    pub(crate) async fn start_with(issuer: &Issuer, flags: &[&str]) -> Self {
        let settings = settings(&issuer.authority(), flags);
        Self::of(&settings, issuer.http.clone(), Some(TASK_API)).await
    }

    /// Starts with `flags` alone, which name the issuer.
    pub(crate) async fn of_issuer(http: Client, flags: &[&str], client_id: Option<&str>) -> Self {
        let settings = Program::parse_from(["service"].iter().chain(flags)).guard;
        assert_eq!(settings.contradictions(), [""; 0]);
        Self::of(&settings, http, client_id).await
    }

    async fn of(settings: &GuardSettings, http: Client, client_id: Option<&str>) -> Self {
        let process = Process::detached();
        let guard = Guard::start(settings, http, UPSTREAM, client_id, &process)
            .await
            .unwrap();
        Self::behind(&guard)
    }

    /// The service behind a guard that was started elsewhere.
    pub(crate) fn behind(guard: &Guard) -> Self {
        Self(guard.protect(Router::new().route("/me", any(show))))
    }

    /// Sends `method path`, such as `GET /me`, with these headers; a name that comes twice is sent
    /// twice.
    pub(crate) async fn answer(&self, line: &str, headers: &[(&str, &str)]) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let response = self
            .0
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let challenge = response
            .headers()
            .get("www-authenticate")
            .map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        Answer {
            status,
            challenge,
            body: serde_json::from_slice(&body).unwrap(),
        }
    }
}

impl Answer {
    /// Fails unless this is a 401 with this reason and challenge.
    pub(crate) fn must_be_unauthorized(&self, reason: &str, challenge: &str, case: &str) {
        assert_eq!(
            (self.status, &self.body["reason"]),
            (401, &json!(reason)),
            "{case}: {}",
            self.body
        );
        assert_eq!(self.challenge.as_deref(), Some(challenge), "{case}");
    }
}

async fn show(Authenticated { caller, token }: Authenticated) -> Json<Value> {
    Json(json!({
        "oid": caller.object_id, "tenant": caller.tenant, "name": caller.name,
        "roles": caller.roles, "token": token.map(|token| token.reveal().to_owned()),
    }))
}
