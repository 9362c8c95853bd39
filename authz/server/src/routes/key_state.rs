//! Which signing keys routes have and lack.

use futures::future::join_all;
use portcullis_runtime::PartState;
use portcullis_token::{KeyStatus, Verifier};

use super::{Route, Routes};

impl Routes {
    /// The names of the policies that accept tokens of `issuer`, in order.
    pub(crate) fn policies_of(&self, issuer: &str) -> Vec<&str> {
        let of_issuer = |route: &&Route| {
            route
                .policy
                .tokens
                .as_ref()
                .is_some_and(|tokens| tokens.issuer == issuer)
        };
        let routes = self.by_policy.values().filter(of_issuer);
        let mut names: Vec<&str> = routes.map(|route| route.policy.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// Why key sources that policies depend on have no usable keys.
    pub(crate) fn missing_keys(&self) -> Vec<String> {
        let needed = self
            .issuers()
            .filter(|(name, _)| !self.policies_of(name).is_empty());
        let missing = |(name, verifier): (&str, &Verifier)| {
            let missing = verifier
                .key_status()
                .into_iter()
                .filter(|status| !status.is_ready());
            missing
                .map(|status| reason(name, &status))
                .collect::<Vec<_>>()
        };
        needed.flat_map(missing).collect()
    }

    /// Whether the available keys serve all requests, some or none.
    ///
    /// One source is enough to be ready. All replicas lack the same keys, so if one deleted tenant
    /// made a replica unready, it would make all of them unready.
    pub(crate) fn part_state(&self) -> PartState {
        let serves_some = self.by_policy.values().any(Route::can_serve);
        PartState::of_missing(&self.missing_keys(), serves_some)
    }

    /// Waits until each key source that a policy depends on has keys, or its issuer has answered
    /// that it has none.
    pub(crate) async fn keys_settled(&self) {
        let needed = self
            .issuers()
            .filter(|(name, _)| !self.policies_of(name).is_empty());
        join_all(needed.map(|(_, verifier)| verifier.settled())).await;
    }
}

impl Route {
    /// Returns whether some request can be allowed now: without a token, or with one of a source
    /// that has keys.
    fn can_serve(&self) -> bool {
        self.policy.is_for_anyone()
            || self
                .verifier
                .as_ref()
                .is_none_or(|verifier| verifier.has_keys())
    }
}

fn reason(issuer: &str, status: &KeyStatus) -> String {
    format!("issuer {issuer}: {}", status.why_not_ready())
}
