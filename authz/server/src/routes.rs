use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context, anyhow};
use portcullis_policy::{Issuer, PolicySet, Provider, RoutePolicy};
use portcullis_token::{KeyPolicy, MissingKeys, Verifier};
use prometheus_client::metrics::counter::Counter;
use reqwest::Client;
use tokio::time::Instant;

use crate::decision_cache::DecisionCache;
use crate::metrics::Metrics;

/// What routes are made with, beside policies.
#[derive(Clone, Debug)]
pub(crate) struct RouteSettings {
    /// What issuers are called with.
    pub(crate) http: Client,
    /// How signing keys are kept up to date.
    pub(crate) keys: KeyPolicy,
    /// Bytes for verified callers.
    pub(crate) cache_capacity: u64,
    /// How long an issuer's keys are waited for.
    pub(crate) issuer_wait: Duration,
    /// Where the requests of each policy are counted.
    pub(crate) metrics: Metrics,
}

/// Policies with what verifies their tokens: one immutable whole, of which a question sees one.
#[derive(Debug)]
pub(crate) struct Routes {
    by_policy: HashMap<String, Route>,
    issuers: Vec<(String, Issuer, Arc<Verifier>)>,
    pub(crate) cache: DecisionCache,
}

/// A policy with what verifies its tokens.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) policy: RoutePolicy,
    /// Which of the policies it is.
    pub(crate) number: u32,
    /// `None`: no token is looked at.
    pub(crate) verifier: Option<Arc<Verifier>>,
    /// Counts the requests that were let through.
    pub(crate) allowed: Counter<u64, AtomicU64>,
}

impl Routes {
    /// Routes for `policies`, with every issuer's keys at hand. Issuers that `previous` has unchanged keep their keys.
    pub(crate) async fn ready(
        policies: &PolicySet,
        settings: &RouteSettings,
        previous: Option<&Self>,
    ) -> anyhow::Result<Self> {
        let cache = DecisionCache::new(settings.cache_capacity).context("the system's random numbers fail")?;
        let known = |issuer: &Issuer| {
            let issuers = previous.into_iter().flat_map(|routes| &routes.issuers);
            issuers.into_iter().find(|(_, held, _)| held == issuer).map(|(_, _, verifier)| Arc::clone(verifier))
        };
        let verifier = |_: &str, issuer: &Issuer| Some(known(issuer).unwrap_or_else(|| start(issuer, settings)));
        let routes = Self::new(policies, verifier, cache, &settings.metrics);
        let waited = routes.wait_for_keys(settings.issuer_wait).await;
        waited.map_err(|missing| anyhow!("an issuer cannot be used: {missing}"))?;
        Ok(routes)
    }

    /// Routes for `policies`, with what `verifier` gives for each issuer.
    pub(crate) fn new(
        policies: &PolicySet,
        verifier: impl Fn(&str, &Issuer) -> Option<Arc<Verifier>>,
        cache: DecisionCache,
        metrics: &Metrics,
    ) -> Self {
        let issuer = |(name, issuer): (&str, &Issuer)| Some((name.to_owned(), issuer.clone(), verifier(name, issuer)?));
        let issuers: Vec<(String, Issuer, Arc<Verifier>)> = policies.issuers().filter_map(issuer).collect();
        let named = |name: &str| issuers.iter().find(|(known, _, _)| known == name).map(|(_, _, verifier)| verifier);
        let route = |(number, policy): (u32, &RoutePolicy)| {
            let verifier = match &policy.tokens {
                // Compiled policies name existing issuers; without one the route would not exist, and so be denied.
                Some(tokens) => Some(Arc::clone(named(&tokens.issuer)?)),
                None => None,
            };
            Some((
                policy.name.clone(),
                Route { policy: policy.clone(), number, verifier, allowed: metrics.allowed(&policy.name) },
            ))
        };
        let by_policy = (0..).zip(policies.policies()).filter_map(route).collect();
        Self { by_policy, issuers, cache }
    }

    pub(crate) fn get(&self, policy: &str) -> Option<&Route> {
        self.by_policy.get(policy)
    }

    /// Every issuer's name and verifier.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = (&str, &Verifier)> {
        self.issuers.iter().map(|(name, _, verifier)| (name.as_str(), &**verifier))
    }

    /// The names of all policies, in order.
    pub(crate) fn policy_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_policy.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    async fn wait_for_keys(&self, patience: Duration) -> Result<(), MissingKeys> {
        let deadline = Instant::now() + patience;
        for (_, _, verifier) in &self.issuers {
            verifier.ready(deadline.saturating_duration_since(Instant::now())).await?;
        }
        Ok(())
    }
}

fn start(Issuer { provider, times }: &Issuer, RouteSettings { http, keys, .. }: &RouteSettings) -> Arc<Verifier> {
    Arc::new(match provider.clone() {
        Provider::Entra(entra) => Verifier::entra(http, entra, keys, *times),
        Provider::Oidc(oidc) => Verifier::oidc(http, oidc, keys, *times),
    })
}
