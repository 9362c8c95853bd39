//! The authz server offline, with generated keys and a given time.
//!
//! `portcullis test` and `portcullis explain` decide with it.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use portcullis_assertion::Signer;
use portcullis_policy::{Issuer, PolicySet, Provider, RoutePolicy};
use portcullis_runtime::Registry;
use portcullis_token::{OfflineIssuer, OfflineVerifier, Verifier};

use crate::authorizer::Authorizer;
use crate::decision_cache::DecisionCache;
use crate::handler::Handler;
use crate::metrics::Metrics;
use crate::rate_limit::{LimitMemory, RateLimiter};
use crate::routes::Routes;
use crate::signers::Signers;

/// Policies with issuers whose keys are generated.
#[derive(Debug)]
pub struct OfflinePolicies {
    policies: PolicySet,
    issuer: OfflineIssuer,
    verifiers: HashMap<String, OfflineVerifier>,
}

impl OfflinePolicies {
    /// Generates the keys of every issuer of `policies`.
    pub async fn new(policies: PolicySet) -> anyhow::Result<Self> {
        let issuer = OfflineIssuer::new().context("the system's random numbers fail")?;
        let mut verifiers = HashMap::new();
        for (name, Issuer { provider, times }) in policies.issuers() {
            let verifier = match provider.clone() {
                Provider::Entra(settings) => issuer.entra(settings, *times).await,
                Provider::Oidc(settings) => issuer.oidc(settings, *times).await,
            };
            verifiers.insert(name.to_owned(), verifier);
        }
        Ok(Self {
            policies,
            issuer,
            verifiers,
        })
    }

    /// The set of policies.
    #[must_use]
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// The issuer that signs the tokens.
    #[must_use]
    pub fn issuer(&self) -> &OfflineIssuer {
        &self.issuer
    }

    /// The verifier of the tokens of `policy`; `None` if the policy ignores tokens.
    #[must_use]
    pub fn verifier(&self, policy: &RoutePolicy) -> Option<&OfflineVerifier> {
        self.verifiers.get(&policy.tokens.as_ref()?.issuer)
    }

    /// A handler that has counted no request, so that no case uses another's rate limit.
    pub fn fresh_handler(&self) -> anyhow::Result<Handler> {
        let metrics = Metrics::register(&mut Registry::default());
        let verifier = |name: &str, _: &Issuer| -> Option<Arc<Verifier>> {
            self.verifiers.get(name).map(OfflineVerifier::verifier)
        };
        let cache = DecisionCache::new(0).context("the system's random numbers fail")?;
        let routes = Routes::new(&self.policies, verifier, cache, &metrics);
        Ok(Handler {
            authorizer: Arc::new(Authorizer::new(
                routes,
                Signers::public_only(Signer::generate()?),
                RateLimiter::in_memory(LimitMemory::default())?,
            )),
            metrics,
        })
    }
}
