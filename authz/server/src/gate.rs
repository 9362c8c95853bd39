//! One question, answered: verify the token, decide by the route's policy, limit the rate, sign what the service may believe.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use portcullis_assertion::{Assertion, Signer};
use portcullis_policy::{Decision, Denial, RateLimit, RoutePolicy};
use portcullis_token::{Caller, Refusal, Verifier, bearer_token};

use crate::check_request::Question;
use crate::identity_headers;
use crate::rate_limit::{Admission, LimitKey, RateLimiter};
use crate::routes::{Route, Routes};

/// Everything that an answer depends on.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Swapped whole; a question takes one snapshot and sees no mixture.
    routes: RwLock<Arc<Routes>>,
    limiter: RateLimiter,
    signer: Signer,
    started: Instant,
}

/// What Envoy is told, and who asked, as far as that is proved.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) caller: Option<Caller>,
    pub(crate) outcome: Outcome,
}

/// Pass or not.
#[derive(Debug)]
pub(crate) enum Outcome {
    Allow(Pass),
    Deny(Refused),
}

/// What goes with an allowed request.
#[derive(Debug)]
pub(crate) struct Pass {
    /// Which rule of the policy allowed it.
    pub(crate) rule: usize,
    pub(crate) identity: Vec<(&'static str, String)>,
    pub(crate) assertion: String,
    pub(crate) forward_token: bool,
    pub(crate) quota: Option<Quota>,
}

/// What is left of a rate limit.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    pub(crate) policy: String,
    pub(crate) limit: RateLimit,
    pub(crate) remaining: u32,
    pub(crate) reset: Duration,
}

/// Why a request does not pass.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The route names no policy, or one that does not exist.
    NoPolicy,
    Token(Refusal),
    Policy(Denial),
    /// The caller's claims do not fit into headers.
    ClaimsTooLarge,
    RateLimited {
        quota: Quota,
        retry_after: Duration,
    },
}

/// A fault of ours. Nobody passes, and nobody is told that it was their fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    KeysUnavailable(Refusal),
    #[error(
        "the path {path:?} does not begin with the route's removed_prefix {prefix:?}; correct context_extensions in Envoy's routes"
    )]
    RouteMismatch { path: String, prefix: String },
    #[error("an assertion cannot be signed")]
    NotSigned,
}

impl Gate {
    pub(crate) fn new(routes: Routes, signer: Signer) -> Self {
        Self { routes: RwLock::new(Arc::new(routes)), limiter: RateLimiter::new(), signer, started: Instant::now() }
    }

    /// The routes in force.
    pub(crate) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other routes in force. Rate limits go on counting.
    pub(crate) fn replace_routes(&self, routes: Routes) {
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
    }

    /// Whether a policy of this name exists.
    pub(crate) fn has_policy(&self, name: &str) -> bool {
        self.routes().get(name).is_some()
    }

    /// The public keys of assertions, as a JWKS document.
    pub(crate) fn key_set(&self) -> String {
        self.signer.key_set()
    }

    /// Answers `question` at `now`, in seconds since 1970.
    pub(crate) async fn check(&self, question: &Question<'_>, now: u64) -> Result<Verdict, Fault> {
        let deny = |caller, refused| Ok(Verdict { caller, outcome: Outcome::Deny(refused) });
        let routes = self.routes();
        let Some(Route { policy, verifier }) = question.policy.and_then(|name| routes.get(name)) else {
            return deny(None, Refused::NoPolicy);
        };
        let caller = match verify(verifier, policy, question, now).await {
            Ok(caller) => caller,
            Err(refusal) if refusal.is_fault() => return Err(Fault::KeysUnavailable(refusal)),
            Err(refusal) => return deny(None, Refused::Token(refusal)),
        };
        let rule = match policy.decide(&caller) {
            Decision::Allow { rule } => rule,
            Decision::Deny(denial) => return deny(Some(caller), Refused::Policy(denial)),
        };
        let quota = match self.limit(policy, &caller) {
            Ok(quota) => quota,
            Err(refused) => return deny(Some(caller), refused),
        };
        let Some(identity) = identity_headers::of(&caller) else { return deny(Some(caller), Refused::ClaimsTooLarge) };
        let assertion = self.sign(policy, &caller, question, now)?;
        let pass = Pass { rule, identity, assertion, forward_token: policy.upstream.forward_token, quota };
        Ok(Verdict { caller: Some(caller), outcome: Outcome::Allow(pass) })
    }

    fn limit(&self, policy: &RoutePolicy, caller: &Caller) -> Result<Option<Quota>, Refused> {
        let Some(limit) = policy.rate_limit else { return Ok(None) };
        let key = LimitKey {
            policy: policy.name.clone(),
            tenant: caller.tenant.clone(),
            object_id: caller.object_id.clone(),
        };
        let quota = |remaining, reset| Quota { policy: policy.name.clone(), limit, remaining, reset };
        match self.limiter.admit(key, limit, self.started.elapsed()) {
            Admission::Admitted { remaining, reset } => Ok(Some(quota(remaining, reset))),
            Admission::Refused { retry_after } => {
                Err(Refused::RateLimited { quota: quota(0, retry_after), retry_after })
            }
        }
    }

    fn sign(&self, policy: &RoutePolicy, caller: &Caller, question: &Question<'_>, now: u64) -> Result<String, Fault> {
        let path = question.upstream_path().ok_or_else(|| Fault::RouteMismatch {
            path: question.path.split('?').next().unwrap_or_default().to_owned(),
            prefix: question.removed_prefix.to_owned(),
        })?;
        let assertion = Assertion {
            audience: policy.upstream.name.clone(),
            caller: caller.clone(),
            request_id: question.request_id.to_owned(),
            method: question.method.to_owned(),
            path: path.to_owned(),
            issued_at: now,
        };
        self.signer.sign(&assertion).ok_or(Fault::NotSigned)
    }
}

async fn verify(
    verifier: &Verifier,
    policy: &RoutePolicy,
    question: &Question<'_>,
    now: u64,
) -> Result<Caller, Refusal> {
    let token = bearer_token(question.authorization)?;
    verifier.verify(token, &policy.audiences, now).await.map(|verified| verified.caller)
}
