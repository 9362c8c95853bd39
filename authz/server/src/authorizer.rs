//! Decides one request: verifies the token, applies the route's policy, limits the rate, and signs
//! the assertion for the upstream.

use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use portcullis_assertion::{BoundRequest, LIFETIME, Signer, Statement};
use portcullis_policy::{AccessRequest, Binding, Decision, Grant, PolicyDenied, RoutePolicy};
use portcullis_token::{
    Authorization, KeyStatus, MAX_TOKEN_LENGTH, Verified, Verifier, bearer_token,
};

use crate::cached_caller::{CachedCaller, IssuedAssertion};
use crate::check_decision::{
    Admitted, CallerRecord, CheckDecision, Denied, DenyReason, Fault, MissingKeys, Quota,
};
use crate::check_request::Attributes;
use crate::limits;
use crate::mac_keys::UpstreamMacKeys;
use crate::rate_limit::{Admission, ClientAddress, Held, RateLimiter, StoreDown, Subject};
use crate::routes::{Route, Routes};
use crate::signers::Signers;

/// Longest `Authorization` line that is hashed. A longer one is denied, so its hash is useless.
const LONGEST_LINE: usize = "Bearer ".len() + MAX_TOKEN_LENGTH;

/// What decisions depend on: routes, rate limits and keys of assertions.
#[derive(Debug)]
pub(crate) struct Authorizer {
    /// Swapped whole: each request uses one snapshot and sees no mixture.
    routes: ArcSwap<Routes>,
    limiter: RateLimiter,
    /// Swapped whole too, at each change of a key.
    signers: ArcSwap<Signers>,
}

/// A request that a rule allows: the verified caller, or `None` if anonymous.
struct Allowed {
    caller: Option<Arc<CachedCaller>>,
    rule: usize,
}

/// Why a request is not admitted.
enum Stop {
    Deny(Box<Denied>),
    Fault(Fault),
}

impl Authorizer {
    pub(crate) fn new(routes: Routes, signers: Signers, limiter: RateLimiter) -> Self {
        Self {
            routes: ArcSwap::from_pointee(routes),
            limiter,
            signers: ArcSwap::from_pointee(signers),
        }
    }

    /// The routes in force.
    pub(crate) fn routes(&self) -> Arc<Routes> {
        self.routes.load_full()
    }

    /// Puts other routes in force. Rate limits go on counting.
    pub(crate) fn replace_routes(&self, routes: Routes) {
        self.routes.store(Arc::new(routes));
    }

    /// The name of the rate-limit store, if there is one, and whether it answers.
    pub(crate) fn rate_limit_store(&self) -> Option<(&str, bool)> {
        self.limiter.store_is_up()
    }

    /// The keys that assertions are signed with.
    pub(crate) fn signers(&self) -> Arc<Signers> {
        self.signers.load_full()
    }

    /// How full the tables of rate limits are.
    pub(crate) fn rate_limits_held(&self) -> [(&'static str, Held); 2] {
        self.limiter.held()
    }

    /// Puts another assertion key in force.
    pub(crate) fn replace_signer(&self, signer: Signer) {
        let signer = Arc::new(signer);
        self.signers
            .rcu(|signers| signers.with_public(Arc::clone(&signer)));
    }

    /// Puts other MAC keys in force.
    pub(crate) fn replace_mac_keys(&self, keys: UpstreamMacKeys) {
        let keys = Arc::new(keys);
        self.signers
            .rcu(|signers| signers.with_mac(Arc::clone(&keys)));
    }

    /// Decides about a request on `route` of `routes` at `now`, in seconds since 1970.
    pub(crate) async fn check(
        &self,
        routes: &Routes,
        route: Option<&Route>,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<CheckDecision, Fault> {
        let decision = match (limits::exceeded(attributes), route) {
            (Some(reason), _) => Err(deny(None, reason)),
            (None, Some(route)) => self.decide(routes, route, attributes, now).await,
            (None, None) if attributes.policy.is_some() => {
                Err(deny(None, DenyReason::UnknownPolicy))
            }
            (None, None) => Err(deny(None, DenyReason::NoPolicy)),
        };
        match decision {
            Ok(admitted) => Ok(CheckDecision::Allow(admitted)),
            Err(Stop::Deny(denied)) => Ok(CheckDecision::Deny(*denied)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    async fn decide(
        &self,
        routes: &Routes,
        route: &Route,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<Admitted, Stop> {
        let policy = &route.policy;
        let Allowed { caller, rule } = match (&route.verifier, attributes.authorization) {
            (None, _) => anonymous(policy, attributes)?,
            (Some(_), Authorization::Absent) if policy.is_for_anyone() => {
                anonymous(policy, attributes)?
            }
            (Some(verifier), line) => {
                self.authenticated(routes, route, verifier, line, attributes, now)
                    .await?
            }
        };
        let quota = self.limit(policy, caller.as_deref(), attributes).await?;
        let assertion = match caller.as_deref() {
            Some(caller) => {
                let assertion = self.assertion(policy, caller, attributes, now)?;
                if !fits(caller, assertion.as_deref()) {
                    return Err(deny(Some(caller.into()), DenyReason::ClaimsTooLarge));
                }
                assertion
            }
            None => None,
        };
        Ok(Admitted {
            rule,
            caller,
            assertion,
            forward_token: policy.upstream.forward_token,
            quota,
        })
    }

    /// The caller whom the token proves: cached, or verified now.
    async fn authenticated(
        &self,
        routes: &Routes,
        route: &Route,
        verifier: &Verifier,
        line: Authorization<'_>,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<Allowed, Stop> {
        let policy = &route.policy;
        let key = match line {
            Authorization::One(line) if line.len() <= LONGEST_LINE => {
                routes.cache.key(route.number, line)
            }
            _ => None,
        };
        if let Some(caller) = key.and_then(|key| routes.cache.get(key, now, verifier.key_epoch()))
            && let Some(rule) = policy.rule_for(caller.grant, attributes.method)
        {
            return Ok(Allowed {
                caller: Some(caller),
                rule,
            });
        }
        let proved = verify(policy, verifier, line, now).await?;
        let request = AccessRequest {
            caller: Some(&proved),
            method: attributes.method,
        };
        let (rule, grant) = match policy.decide(&request) {
            Decision::Allow { rule, grant } => (rule, grant),
            Decision::Deny(reason) => {
                return Err(denied(policy, Some((&proved.caller).into()), reason));
            }
        };
        let Some(caller) = self.cached(routes, policy, &proved, grant) else {
            return Err(deny(
                Some((&proved.caller).into()),
                DenyReason::ClaimsTooLarge,
            ));
        };
        if let Some(key) = key {
            routes.cache.insert(key, Arc::clone(&caller));
        }
        Ok(Allowed {
            caller: Some(caller),
            rule,
        })
    }

    fn cached(
        &self,
        routes: &Routes,
        policy: &RoutePolicy,
        verified: &Verified,
        grant: Grant,
    ) -> Option<Arc<CachedCaller>> {
        let subject = Subject::Caller {
            tenant: &verified.caller.tenant,
            object_id: &verified.caller.object_id,
        };
        let limit_key = self.limiter.key(&policy.name, subject);
        let shared = routes.cache.shared.of(&verified.caller)?;
        let caller = CachedCaller::new(verified, grant, limit_key, shared)?;
        Some(Arc::new(match policy.upstream.bind {
            Binding::Identity => caller.with_room_for_assertion(&policy.upstream.name),
            Binding::Request | Binding::None => caller,
        }))
    }

    async fn limit(
        &self,
        policy: &RoutePolicy,
        caller: Option<&CachedCaller>,
        attributes: &Attributes<'_>,
    ) -> Result<Option<Quota>, Stop> {
        let Some(limit) = policy.rate_limit else {
            return Ok(None);
        };
        let admission = if let Some(caller) = caller {
            self.limiter.admit_caller(caller.limit_key, limit).await
        } else {
            let client = ClientAddress::read(attributes.client);
            self.limiter
                .admit_address(&policy.name, client, limit)
                .await
        };
        let quota = |remaining, reset| Quota {
            limit,
            remaining,
            reset,
        };
        match admission {
            Err(StoreDown) => Err(Stop::Fault(Fault::LimitsUnavailable)),
            Ok(Admission::Admitted { remaining, reset }) => Ok(Some(quota(remaining, reset))),
            Ok(Admission::Denied { retry_after }) => Err(deny(
                caller.map(CallerRecord::from),
                DenyReason::RateLimited {
                    quota: quota(0, retry_after),
                    retry_after,
                },
            )),
            Ok(Admission::Full { retry_after }) => Err(deny(
                caller.map(CallerRecord::from),
                DenyReason::LimiterFull { retry_after },
            )),
        }
    }

    fn assertion(
        &self,
        policy: &RoutePolicy,
        caller: &CachedCaller,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<Option<Arc<str>>, Stop> {
        match policy.upstream.bind {
            Binding::Request => self.sign_request(policy, caller, attributes, now).map(Some),
            Binding::Identity => self.sign_identity(policy, caller, now).map(Some),
            Binding::None => Ok(None),
        }
    }

    fn sign_request(
        &self,
        policy: &RoutePolicy,
        caller: &CachedCaller,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<Arc<str>, Stop> {
        let mismatch = || Fault::RouteMismatch {
            path: attributes
                .path
                .split('?')
                .next()
                .unwrap_or_default()
                .to_owned(),
            prefix: attributes.removed_prefix.to_owned(),
        };
        let path = attributes
            .upstream_path()
            .ok_or_else(|| Stop::Fault(mismatch()))?;
        let request = Some(BoundRequest {
            id: attributes.request_id,
            method: attributes.method,
            path,
        });
        let statement = Statement {
            audience: &policy.upstream.name,
            request,
            issued_at: now,
        };
        sign(&self.signers.load(), &statement, caller)
    }

    /// The caller's unbound assertion: the last one, or a new one.
    ///
    /// The last one is used in the first half of its life, while its key is in force.
    fn sign_identity(
        &self,
        policy: &RoutePolicy,
        caller: &CachedCaller,
        now: u64,
    ) -> Result<Arc<str>, Stop> {
        let mut last = caller
            .assertion
            .get_or_init(Box::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let signers = self.signers.load();
        if let Some(IssuedAssertion {
            issued_at,
            generation,
            assertion,
        }) = &*last
            && (*issued_at..issued_at + LIFETIME.as_secs() / 2).contains(&now)
            && *generation == signers.generation
        {
            return Ok(Arc::clone(assertion));
        }
        let statement = Statement {
            audience: &policy.upstream.name,
            request: None,
            issued_at: now,
        };
        let assertion = sign(&signers, &statement, caller)?;
        *last = caller.has_room_for(&assertion).then(|| IssuedAssertion {
            issued_at: now,
            generation: signers.generation,
            assertion: Arc::clone(&assertion),
        });
        Ok(assertion)
    }
}

fn sign(
    signers: &Signers,
    statement: &Statement<'_>,
    caller: &CachedCaller,
) -> Result<Arc<str>, Stop> {
    let own = caller.members().ok_or(Stop::Fault(Fault::NotSigned))?;
    let signed = signers.sign(statement, [&own, &caller.shared.members]);
    signed.map(Arc::from).ok_or(Stop::Fault(Fault::NotSigned))
}

/// Whether identity headers and assertion fit into the reserve of Envoy's limits.
///
/// The assertion must also fit into what services read: they deny a longer one, as they deny a
/// longer token.
fn fits(caller: &CachedCaller, assertion: Option<&str>) -> bool {
    let assertion = assertion.map_or(0, str::len);
    let headers = caller.headers.len() + caller.shared.headers.len();
    assertion <= MAX_TOKEN_LENGTH && headers + assertion <= limits::MOST_ADDED
}

fn anonymous(policy: &RoutePolicy, attributes: &Attributes<'_>) -> Result<Allowed, Stop> {
    match policy.decide(&AccessRequest {
        caller: None,
        method: attributes.method,
    }) {
        Decision::Allow { rule, .. } => Ok(Allowed { caller: None, rule }),
        Decision::Deny(denial) => match bearer_token(Authorization::Absent) {
            Err(missing) if policy.tokens.is_some() => Err(deny(None, DenyReason::Token(missing))),
            _ => Err(denied(policy, None, denial)),
        },
    }
}

async fn verify(
    policy: &RoutePolicy,
    verifier: &Verifier,
    line: Authorization<'_>,
    now: u64,
) -> Result<Verified, Stop> {
    let Some(tokens) = &policy.tokens else {
        return Err(deny(None, DenyReason::NoPolicy));
    };
    let decision = match bearer_token(line) {
        Ok(token) => verifier.verify(token, &tokens.audiences, now).await,
        Err(denial) => Err(denial),
    };
    decision.map_err(|denial| {
        if denial.is_fault() {
            Stop::Fault(Fault::KeysUnavailable(Box::new(missing_keys(
                &tokens.issuer,
                verifier,
                line,
            ))))
        } else {
            deny(None, DenyReason::Token(denial))
        }
    })
}

fn missing_keys(issuer: &str, verifier: &Verifier, line: Authorization<'_>) -> MissingKeys {
    let status = bearer_token(line)
        .ok()
        .and_then(|token| verifier.key_source_of(token));
    let cause = status
        .as_ref()
        .map_or_else(String::new, KeyStatus::why_not_ready);
    MissingKeys {
        issuer: issuer.to_owned(),
        source: status.map(|status| status.source),
        cause,
    }
}

fn denied(policy: &RoutePolicy, caller: Option<CallerRecord>, denial: PolicyDenied) -> Stop {
    deny(
        caller,
        DenyReason::Policy {
            denial,
            on_denied: policy.on_denied,
        },
    )
}

fn deny(caller: Option<CallerRecord>, reason: DenyReason) -> Stop {
    Stop::Deny(Box::new(Denied { caller, reason }))
}

#[cfg(test)]
mod tests;
