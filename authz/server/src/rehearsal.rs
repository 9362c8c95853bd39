//! The gate as a server has it, but for keys and clock: what cases and explanations are judged
//! with.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use portcullis_assertion::Signer;
use portcullis_policy::{Issuer, PolicySet, Provider, RoutePolicy};
use portcullis_runtime::Registry;
use portcullis_token::{Rehearsal, RehearsedVerifier, Verifier};

use crate::decision_cache::DecisionCache;
use crate::gate::Gate;
use crate::handler::Handler;
use crate::metrics::Metrics;
use crate::rate_limit::{LimitMemory, RateLimiter};
use crate::routes::Routes;
use crate::signers::Signers;

/// Policies with issuers whose keys are made up.
#[derive(Debug)]
pub(crate) struct Stage {
    policies: PolicySet,
    rehearsal: Rehearsal,
    verifiers: HashMap<String, RehearsedVerifier>,
}

impl Stage {
    pub(crate) async fn set(policies: PolicySet) -> anyhow::Result<Self> {
        let rehearsal = Rehearsal::new().context("the system's random numbers fail")?;
        let mut verifiers = HashMap::new();
        for (name, Issuer { provider, times }) in policies.issuers() {
            let verifier = match provider.clone() {
                Provider::Entra(settings) => rehearsal.entra(settings, *times).await,
                Provider::Oidc(settings) => rehearsal.oidc(settings, *times).await,
            };
            verifiers.insert(name.to_owned(), verifier);
        }
        Ok(Self {
            policies,
            rehearsal,
            verifiers,
        })
    }

    pub(crate) fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// Who signs.
    pub(crate) fn rehearsal(&self) -> &Rehearsal {
        &self.rehearsal
    }

    /// What judges the tokens of `policy`; `None` if it looks at none.
    pub(crate) fn verifier(&self, policy: &RoutePolicy) -> Option<&RehearsedVerifier> {
        self.verifiers.get(&policy.tokens.as_ref()?.issuer)
    }

    /// A gate that has not answered anything yet, so that no case spends another's rate.
    pub(crate) fn fresh_handler(&self) -> anyhow::Result<Handler> {
        let metrics = Metrics::register(&mut Registry::default());
        let verifier = |name: &str, _: &Issuer| -> Option<Arc<Verifier>> {
            self.verifiers.get(name).map(RehearsedVerifier::verifier)
        };
        let cache = DecisionCache::new(0).context("the system's random numbers fail")?;
        let routes = Routes::new(&self.policies, verifier, cache, &metrics);
        Ok(Handler {
            gate: Arc::new(Gate::new(
                routes,
                Signers::public_only(Signer::generate()?),
                RateLimiter::in_memory(LimitMemory::default()),
            )),
            metrics,
        })
    }
}
