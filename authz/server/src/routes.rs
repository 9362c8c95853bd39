use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis_policy::{Issuer, PolicySet, Provider, RoutePolicy};
use portcullis_token::{KeyPolicy, MissingKeys, Verifier};
use reqwest::Client;
use tokio::time::Instant;

/// Policies with what verifies their tokens: one immutable whole, of which a question sees one.
#[derive(Debug)]
pub(crate) struct Routes {
    by_policy: HashMap<String, Route>,
    issuers: Vec<(Issuer, Arc<Verifier>)>,
}

/// A policy with what verifies its tokens.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) policy: RoutePolicy,
    pub(crate) verifier: Arc<Verifier>,
}

impl Routes {
    /// Routes for `policies`. Issuers that `previous` has unchanged keep their keys; for the others fetching starts.
    pub(crate) fn new(policies: &PolicySet, http: &Client, previous: Option<&Self>) -> Self {
        let known = |issuer: &Issuer| {
            let issuers = previous.into_iter().flat_map(|routes| &routes.issuers);
            issuers.into_iter().find(|(held, _)| held == issuer).map(|(_, verifier)| Arc::clone(verifier))
        };
        let start = |Issuer { provider, times }: &Issuer| {
            Arc::new(match provider.clone() {
                Provider::Entra(entra) => Verifier::entra(http, entra, KeyPolicy::default(), *times),
                Provider::Oidc(oidc) => Verifier::oidc(http, oidc, KeyPolicy::default(), *times),
            })
        };
        let named: HashMap<&str, (Issuer, Arc<Verifier>)> = policies
            .issuers()
            .map(|(name, issuer)| (name, (issuer.clone(), known(issuer).unwrap_or_else(|| start(issuer)))))
            .collect();
        let route = |policy: &RoutePolicy| {
            // Compiled policies name existing issuers; without one the route would not exist, and so be denied.
            let (_, verifier) = named.get(policy.issuer.as_str())?;
            Some((policy.name.clone(), Route { policy: policy.clone(), verifier: Arc::clone(verifier) }))
        };
        let by_policy = policies.policies().filter_map(route).collect();
        Self { by_policy, issuers: named.into_values().collect() }
    }

    pub(crate) fn get(&self, policy: &str) -> Option<&Route> {
        self.by_policy.get(policy)
    }

    /// Waits until every issuer's keys are at hand.
    pub(crate) async fn ready(&self, patience: Duration) -> Result<(), MissingKeys> {
        let deadline = Instant::now() + patience;
        for (_, verifier) in &self.issuers {
            verifier.ready(deadline.saturating_duration_since(Instant::now())).await?;
        }
        Ok(())
    }
}
