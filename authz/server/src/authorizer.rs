//! Decides one request: verifies the token, applies the route's policy, limits the rate, and signs
//! the assertion for the upstream.

mod authenticate;
mod sign;

use std::sync::Arc;

use arc_swap::ArcSwap;
use portcullis_assertion::Signer;
use portcullis_policy::RoutePolicy;
use portcullis_token::Authorization;

use self::authenticate::anonymous;
use self::sign::fits;
use crate::cached_caller::CachedCaller;
use crate::check_decision::{
    Admitted, CallerRecord, CheckDecision, Denied, DenyReason, Fault, Quota,
};
use crate::check_request::Attributes;
use crate::limits;
use crate::mac_keys::UpstreamMacKeys;
use crate::rate_limit::{Admission, ClientAddress, Held, RateLimiter, StoreDown};
use crate::routes::{Route, Routes};
use crate::signers::Signers;

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
}

fn deny(caller: Option<CallerRecord>, reason: DenyReason) -> Stop {
    Stop::Deny(Box::new(Denied { caller, reason }))
}

#[cfg(test)]
mod tests;
