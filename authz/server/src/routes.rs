//! Policies in force, each with the verifier of its tokens.

mod key_state;
mod removed;
mod replaced;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use portcullis_policy::{Issuer, PolicySet, Provider, RoutePolicy};
use portcullis_token::{KeySources, Verifier};
use prometheus_client::metrics::counter::Counter;

use crate::decision_cache::DecisionCache;
use crate::metrics::Metrics;
use removed::RemovedPolicies;
pub(crate) use replaced::ReplacedPolicies;

/// What [`Routes::start`] needs beside policies.
#[derive(Clone, Debug)]
pub(crate) struct RouteSettings {
    /// The signing keys of all issuers. The next set of policies uses them too.
    pub(crate) keys: KeySources,
    /// Bytes for verified callers.
    pub(crate) cache_capacity: u64,
    /// Counts the requests of each policy.
    pub(crate) metrics: Metrics,
}

/// A set of policies with the verifiers of their tokens: immutable, so a request sees one set.
#[derive(Debug)]
pub(crate) struct Routes {
    by_policy: HashMap<String, Route>,
    removed: RemovedPolicies,
    issuers: Vec<(String, Arc<Verifier>)>,
    pub(crate) cache: DecisionCache,
}

/// A policy with the verifier of its tokens.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) policy: RoutePolicy,
    /// The number of the policy in its set, for the keys of the cache.
    pub(crate) number: u32,
    /// `None` if the policy ignores tokens.
    pub(crate) verifier: Option<Arc<Verifier>>,
    /// Counts the requests that were allowed.
    pub(crate) allowed: Counter<u64, AtomicU64>,
}

impl Routes {
    /// Makes the routes for `policies`, without waiting for keys.
    ///
    /// Key sources of earlier routes keep their keys. Others start fetching, and until they have
    /// keys, requests with their tokens are a fault.
    pub(crate) fn start(policies: &PolicySet, settings: &RouteSettings) -> anyhow::Result<Self> {
        let cache = DecisionCache::new(settings.cache_capacity)
            .context("the system's random numbers fail")?;
        let verifier = |_: &str, issuer: &Issuer| Some(start(issuer, &settings.keys));
        Ok(Self::new(policies, verifier, cache, &settings.metrics))
    }

    /// Makes the routes for `policies`; `verifier` gives the verifier of each issuer.
    pub(crate) fn new(
        policies: &PolicySet,
        verifier: impl Fn(&str, &Issuer) -> Option<Arc<Verifier>>,
        cache: DecisionCache,
        metrics: &Metrics,
    ) -> Self {
        let issuer =
            |(name, issuer): (&str, &Issuer)| Some((name.to_owned(), verifier(name, issuer)?));
        let issuers: Vec<(String, Arc<Verifier>)> = policies.issuers().filter_map(issuer).collect();
        let route = |(number, policy): (u32, &RoutePolicy)| {
            // Compiled policies name existing issuers. Without its issuer a policy would have no
            // route, so its requests would be denied.
            let route = Route::new(
                policy.clone(),
                number,
                &issuers,
                metrics.allowed(&policy.name),
            )?;
            Some((policy.name.clone(), route))
        };
        let by_policy = (0..).zip(policies.policies()).filter_map(route).collect();
        Self {
            by_policy,
            removed: RemovedPolicies::default(),
            issuers,
            cache,
        }
    }

    /// The route of a policy that decides at `now`, in seconds since 1970.
    pub(crate) fn get(&self, policy: &str, now: u64) -> Option<&Route> {
        self.by_policy
            .get(policy)
            .or_else(|| self.removed.get(policy, now))
    }

    /// Whether a policy has this upstream.
    pub(crate) fn has_upstream(&self, name: &str) -> bool {
        self.by_policy
            .values()
            .any(|route| route.policy.upstream.name == name)
    }

    /// Every issuer's name and verifier.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = (&str, &Verifier)> {
        self.issuers
            .iter()
            .map(|(name, verifier)| (name.as_str(), &**verifier))
    }

    /// The names of all policies, in order.
    pub(crate) fn policy_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_policy.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

impl Route {
    /// `None` if the issuer of the policy's tokens is not among `issuers`.
    fn new(
        policy: RoutePolicy,
        number: u32,
        issuers: &[(String, Arc<Verifier>)],
        allowed: Counter<u64, AtomicU64>,
    ) -> Option<Self> {
        let named = |name: &str| {
            issuers
                .iter()
                .find(|(issuer, _)| issuer == name)
                .map(|(_, verifier)| verifier)
        };
        let verifier = match &policy.tokens {
            Some(tokens) => Some(Arc::clone(named(&tokens.issuer)?)),
            None => None,
        };
        Some(Self {
            policy,
            number,
            verifier,
            allowed,
        })
    }
}

fn start(Issuer { provider, times }: &Issuer, keys: &KeySources) -> Arc<Verifier> {
    Arc::new(match provider.clone() {
        Provider::Entra(entra) => Verifier::entra_with(keys, entra, *times),
        Provider::Oidc(oidc) => Verifier::oidc_with(keys, oidc, *times),
    })
}
