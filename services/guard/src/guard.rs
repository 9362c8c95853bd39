use std::sync::Arc;

use anyhow::anyhow;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portcullis_runtime::{PartState, Problem, Process, watch_part};
use portcullis_token::{
    Audiences, Authorization, Refusal, TimeRules, Verifier, bearer_token, normalize_guid, unix_now,
};
use reqwest::Client;
use tokio::time::timeout;

use crate::assertion_keys::AssertionKeys;
use crate::authenticated::{Authenticated, BearerToken};
use crate::gateway::{Gateway, GatewayRefusal};
use crate::key_state::key_state;
use crate::settings::GuardSettings;

/// Lets only verified callers through to the routes that it protects.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Checks>);

#[derive(Debug)]
struct Checks {
    verifier: Verifier,
    audiences: Audiences,
    /// Absent without `TRUST_GATEWAY`: then assertions count for nothing.
    gateway: Option<Gateway>,
    clock: fn() -> u64,
}

impl Guard {
    /// Waits for the issuer's keys for a while, and then starts with those that there are.
    /// `process` is not ready while no caller can be verified; an issuer's fault never ends it.
    ///
    /// `upstream` is this service's name in the gate's policies, `client_id` its application in
    /// Entra.
    pub async fn start(
        settings: &GuardSettings,
        http: Client,
        upstream: &'static str,
        client_id: &str,
        process: &Process,
    ) -> anyhow::Result<Self> {
        Self::start_with_clock(settings, http, upstream, client_id, process, unix_now).await
    }

    /// [`Guard::start`] by another clock than the system's, in seconds since 1970.
    pub async fn start_with_clock(
        settings: &GuardSettings,
        http: Client,
        upstream: &'static str,
        client_id: &str,
        process: &Process,
        clock: fn() -> u64,
    ) -> anyhow::Result<Self> {
        let pending = process.pending("start of the signing keys");
        let entra = settings
            .entra()
            .map_err(|problems| anyhow!(problems.join("; ")))?;
        let verifier = Verifier::entra(&http, entra, &settings.key_policy(), TimeRules::entra());
        let unbound = settings.accept_assertions_good_for_any_request;
        let gateway = settings
            .trusted_gateway_keys()
            .map(|keys| AssertionKeys::start(http, keys))
            .transpose()?
            .map(|keys| Gateway::new(keys, upstream, unbound));
        // A stop ends the wait. So does an issuer that answers that it has no keys, as one does
        // whose tenant was deleted.
        let settled = timeout(settings.issuer_wait, verifier.settled());
        process.shutdown_token().run_until_cancelled(settled).await;
        let audiences = Audiences::Application(
            normalize_guid(client_id).unwrap_or_else(|| client_id.to_owned()),
        );
        let checks = Arc::new(Checks {
            verifier,
            audiences,
            gateway,
            clock,
        });
        let watched = Arc::downgrade(&checks);
        watch_part(process, "signing keys", move || {
            watched
                .upgrade()
                .map_or(PartState::Works, |checks| checks.key_state())
        });
        drop(pending);
        Ok(Self(checks))
    }

    /// Puts this guard before every route of `router`. Handlers find [`Authenticated`].
    pub fn protect(&self, router: Router) -> Router {
        router.route_layer(from_fn_with_state(self.clone(), admit))
    }
}

async fn admit(
    State(Guard(checks)): State<Guard>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let authenticated = checks.authenticate(&parts).await?;
    parts.extensions.insert(authenticated);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

impl Checks {
    fn key_state(&self) -> PartState {
        let verifies_assertions = self.gateway.as_ref().is_some_and(Gateway::has_keys);
        key_state(&self.verifier.key_status(), verifies_assertions)
    }

    async fn authenticate(&self, parts: &Parts) -> Result<Authenticated, Problem> {
        let Some(asserted) = self.asserted(parts).await else {
            return self.by_token(&parts.headers).await;
        };
        let caller = asserted.map_err(|refusal| gateway_problem(&refusal))?;
        // The gate has verified it and forwards it only where the policy says so; here it only
        // serves to act on the caller's behalf.
        let token = bearer_token(authorization(&parts.headers)).ok();
        Ok(Authenticated {
            caller,
            token: token.map(|token| BearerToken::new(token.to_owned())),
        })
    }

    async fn asserted(
        &self,
        parts: &Parts,
    ) -> Option<Result<portcullis_token::Caller, GatewayRefusal>> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        self.gateway
            .as_ref()?
            .caller(&parts.headers, parts.method.as_str(), path, (self.clock)())
            .await
    }

    async fn by_token(&self, headers: &HeaderMap) -> Result<Authenticated, Problem> {
        let token =
            bearer_token(authorization(headers)).map_err(|refusal| token_problem(&refusal))?;
        let verdict = self
            .verifier
            .verify(token, &self.audiences, (self.clock)())
            .await;
        let caller = verdict.map_err(|refusal| token_problem(&refusal))?.caller;
        Ok(Authenticated {
            caller,
            token: Some(BearerToken::new(token.to_owned())),
        })
    }
}

fn authorization(headers: &HeaderMap) -> Authorization<'_> {
    Authorization::from_lines(
        headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .map(HeaderValue::as_bytes),
    )
}

fn token_problem(refusal: &Refusal) -> Problem {
    if refusal.is_fault() {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            refusal.reason.code(),
            refusal.detail.clone(),
        );
    }
    unauthorized(refusal.reason.code(), &refusal.detail, &refusal.challenge())
}

fn gateway_problem(refusal: &GatewayRefusal) -> Problem {
    let (reason, detail) = match refusal {
        GatewayRefusal::NotOne => (
            "assertion_not_genuine",
            "not exactly one assertion came".to_owned(),
        ),
        GatewayRefusal::Refused(refusal) => (refusal.code(), refusal.to_string()),
        GatewayRefusal::Replayed => (
            "assertion_replayed",
            "the assertion was used before; send the request again".to_owned(),
        ),
        GatewayRefusal::TooMany => {
            let detail =
                "there are more requests than this service can tell apart; try again in a minute";
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too_many_requests_to_remember",
                detail,
            );
        }
        GatewayRefusal::KeysUnavailable => {
            let detail = "the gate's keys are not at hand, so that its assertions cannot be verified; try again in a moment";
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "gateway_keys_unavailable",
                detail,
            );
        }
    };
    unauthorized(reason, &detail, "Bearer")
}

fn unauthorized(reason: &str, detail: &str, challenge: &str) -> Problem {
    tracing::info!(reason, "request refused");
    let problem = Problem::new(StatusCode::UNAUTHORIZED, reason, detail);
    match HeaderValue::from_str(challenge) {
        Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
        Err(error) => Problem::internal(&error),
    }
}
