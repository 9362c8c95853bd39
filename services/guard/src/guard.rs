use std::sync::Arc;

use anyhow::anyhow;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portcullis_reason_codes::{
    ASSERTION_NOT_GENUINE, ASSERTION_REPLAYED, GATEWAY_KEYS_UNAVAILABLE, ReasonCode,
    TOO_MANY_REQUESTS_TO_REMEMBER,
};
use portcullis_runtime::{PartState, Problem, Process, watch_part};
use portcullis_token::{
    Audiences, Authorization, TimeRules, TokenDenied, Verifier, bearer_token, normalize_guid,
    unix_now,
};
use reqwest::Client;
use tokio::time::timeout;

use crate::assertion_keys::AssertionKeys;
use crate::assertion_verifier::{AssertionVerifier, Denied};
use crate::authenticated::{Authenticated, BearerToken};
use crate::key_state::key_state;
use crate::settings::GuardSettings;

/// Admits only verified callers to the routes that it protects.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Checks>);

#[derive(Debug)]
struct Checks {
    verifier: Verifier,
    audiences: Audiences,
    /// `None` without `TRUST_GATEWAY`; assertions are then ignored.
    assertions: Option<AssertionVerifier>,
    clock: fn() -> u64,
}

impl Guard {
    /// Waits for the issuer's keys, up to `--issuer-wait`, and starts with those that it has.
    ///
    /// `process` is not ready while no caller can be verified. A fault of the issuer never ends it.
    ///
    /// `upstream` is this service's name in the authz server's policies; `client_id` is its
    /// application in Entra.
    pub async fn start(
        settings: &GuardSettings,
        http: Client,
        upstream: &'static str,
        client_id: &str,
        process: &Process,
    ) -> anyhow::Result<Self> {
        Self::start_with_clock(settings, http, upstream, client_id, process, unix_now).await
    }

    /// Starts as [`Guard::start`] does, with another clock, in seconds since 1970.
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
        let unbound = settings.accept_unbound_assertions;
        let assertions = settings
            .trusted_key_locations()
            .map(|keys| AssertionKeys::start(http, keys))
            .transpose()?
            .map(|keys| AssertionVerifier::new(keys, upstream, unbound));
        // A stop ends the wait. So does the issuer's answer that it has no keys, as for a deleted
        // tenant.
        let settled = timeout(settings.issuer_wait, verifier.settled());
        process.shutdown_token().run_until_cancelled(settled).await;
        let audiences = Audiences::Application(
            normalize_guid(client_id).unwrap_or_else(|| client_id.to_owned()),
        );
        let checks = Arc::new(Checks {
            verifier,
            audiences,
            assertions,
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

    /// Protects every route of `router`. Handlers can extract [`Authenticated`].
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
        let verifies_assertions = self
            .assertions
            .as_ref()
            .is_some_and(AssertionVerifier::has_keys);
        key_state(&self.verifier.key_status(), verifies_assertions)
    }

    async fn authenticate(&self, parts: &Parts) -> Result<Authenticated, Problem> {
        let Some(asserted) = self.asserted(parts).await else {
            return self.by_token(&parts.headers).await;
        };
        let caller = asserted.map_err(|denied| assertion_problem(&denied))?;
        // The authz server has verified the token and forwards it only if the policy says so. Here
        // it only serves to act on the caller's behalf.
        let token = bearer_token(authorization(&parts.headers)).ok();
        Ok(Authenticated {
            caller,
            token: token.map(|token| BearerToken::new(token.to_owned())),
        })
    }

    async fn asserted(&self, parts: &Parts) -> Option<Result<portcullis_token::Caller, Denied>> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        self.assertions
            .as_ref()?
            .caller(&parts.headers, parts.method.as_str(), path, (self.clock)())
            .await
    }

    async fn by_token(&self, headers: &HeaderMap) -> Result<Authenticated, Problem> {
        let token =
            bearer_token(authorization(headers)).map_err(|denied| token_problem(&denied))?;
        let verified = self
            .verifier
            .verify(token, &self.audiences, (self.clock)())
            .await;
        let caller = verified.map_err(|denied| token_problem(&denied))?.caller;
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

fn token_problem(denied: &TokenDenied) -> Problem {
    if denied.is_fault() {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            denied.reason.reason_code(),
            denied.detail.clone(),
        );
    }
    unauthorized(
        denied.reason.reason_code(),
        &denied.detail,
        &denied.challenge(),
    )
}

fn assertion_problem(denied: &Denied) -> Problem {
    let (reason, detail) = match denied {
        Denied::NotOne => (
            ASSERTION_NOT_GENUINE,
            "the request does not have exactly one assertion".to_owned(),
        ),
        Denied::Invalid(denied) => (denied.reason_code(), denied.to_string()),
        Denied::Replayed => (
            ASSERTION_REPLAYED,
            "the assertion was used before; send the request again".to_owned(),
        ),
        Denied::TooMany => {
            let detail =
                "there are more requests than this service can tell apart; try again in a minute";
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                TOO_MANY_REQUESTS_TO_REMEMBER,
                detail,
            );
        }
        Denied::KeysUnavailable => {
            let detail = "the authz server's keys are unavailable, so its assertions cannot be \
                          verified; try again in a moment";
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                GATEWAY_KEYS_UNAVAILABLE,
                detail,
            );
        }
    };
    unauthorized(reason, &detail, "Bearer")
}

fn unauthorized(reason: ReasonCode, detail: &str, challenge: &str) -> Problem {
    tracing::info!(reason = reason.as_str(), "request denied");
    let problem = Problem::new(StatusCode::UNAUTHORIZED, reason, detail);
    match HeaderValue::from_str(challenge) {
        Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
        Err(error) => Problem::internal(&error),
    }
}
