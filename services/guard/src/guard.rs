mod authenticated;
mod builder;
mod key_state;
mod problems;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use portcullis_policy::Issuer;
use portcullis_runtime::{PartState, Problem, Process, watch_part};
use portcullis_token::{Audiences, Authorization, Caller, Verifier, bearer_token, unix_now};
use reqwest::Client;

use crate::assertions::{AssertionVerifier, Denied};
use crate::settings::GuardSettings;
pub use authenticated::{Authenticated, BearerToken};
pub use builder::GuardBuilder;
use key_state::key_state;
use problems::{assertion_problem, token_problem};

/// Admits only verified callers to the routes that it protects.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Checks>);

#[derive(Debug)]
struct Checks {
    verifier: Arc<Verifier>,
    audiences: Audiences,
    /// `None` if assertions are not trusted; they are then ignored.
    assertions: Option<AssertionVerifier>,
    clock: fn() -> u64,
}

impl Guard {
    /// Starts with settings from a command line, as [`GuardBuilder::start`] does.
    ///
    /// `upstream` is this service's name in the authz server's policies. `client_id` is its
    /// application in Entra, and `None` if its callers' issuer is another one.
    pub async fn start(
        settings: &GuardSettings,
        http: Client,
        upstream: &'static str,
        client_id: Option<&str>,
        process: &Process,
    ) -> anyhow::Result<Self> {
        let builder = settings.builder(upstream, client_id)?;
        builder.start(http, process).await
    }

    /// Starts as [`Guard::start`] does, with another clock, in seconds since 1970.
    pub async fn start_with_clock(
        settings: &GuardSettings,
        http: Client,
        upstream: &'static str,
        client_id: Option<&str>,
        process: &Process,
        clock: fn() -> u64,
    ) -> anyhow::Result<Self> {
        let builder = settings.builder(upstream, client_id)?.clock(clock);
        builder.start(http, process).await
    }

    /// Builds a guard of tokens that `issuer` issues for `audiences`.
    #[must_use]
    pub fn builder(issuer: Issuer, audiences: Audiences) -> GuardBuilder {
        GuardBuilder::new(issuer, audiences)
    }

    /// A guard of tokens that `verifier` accepts, such as one with generated keys in a test. No
    /// readiness follows its keys, and assertions are ignored.
    #[must_use]
    pub fn with_verifier(verifier: Arc<Verifier>, audiences: Audiences) -> Self {
        Self(Arc::new(Checks {
            verifier,
            audiences,
            assertions: None,
            clock: unix_now,
        }))
    }

    /// Protects every route of `router`. Handlers can extract [`Authenticated`].
    pub fn protect(&self, router: Router) -> Router {
        router.route_layer(from_fn_with_state(self.clone(), admit))
    }

    fn watch_keys(&self, process: &Process) {
        let watched = Arc::downgrade(&self.0);
        watch_part(process, "signing keys", move || {
            watched
                .upgrade()
                .map_or(PartState::Works, |checks| checks.key_state())
        });
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

    async fn asserted(&self, parts: &Parts) -> Option<Result<Caller, Denied>> {
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
