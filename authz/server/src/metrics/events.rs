use std::sync::atomic::AtomicU64;
use std::time::Duration;

use portcullis_runtime::Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

/// Outcome and reason code of allowed requests.
pub(crate) const ALLOWED: (&str, &str) = ("allow", "allowed");

/// Metrics of decisions and reloads.
///
/// Labels have few values: names of policies, outcomes and reason codes, never a caller.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    checks: Family<CheckLabels, Counter<u64, AtomicU64>>,
    duration: Histogram,
    reloads: Family<ReloadLabels, Counter<u64, AtomicU64>>,
    stale: Gauge,
    assertion_keys_stale: Gauge,
    assertion_mac_keys_stale: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CheckLabels {
    policy: String,
    outcome: &'static str,
    reason: &'static str,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        // From a decision about a cached caller to Envoy's timeout.
        let buckets = [
            0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.1, 1.0,
        ];
        let metrics = Self {
            checks: Family::default(),
            duration: Histogram::new(buckets),
            reloads: Family::default(),
            stale: Gauge::default(),
            assertion_keys_stale: Gauge::default(),
            assertion_mac_keys_stale: Gauge::default(),
        };
        registry.register(
            "portcullis_checks",
            "Checks answered, by policy, outcome and reason",
            metrics.checks.clone(),
        );
        registry.register(
            "portcullis_check_duration_seconds",
            "Time to answer a check",
            metrics.duration.clone(),
        );
        registry.register(
            "portcullis_policy_reloads",
            "Changes of the policy files, by outcome",
            metrics.reloads.clone(),
        );
        registry.register(
            "portcullis_policy_stale",
            "1 while the policy files cannot be used and older ones are in force",
            metrics.stale.clone(),
        );
        registry.register(
            "portcullis_assertion_keys_stale",
            "1 while the file of assertion keys cannot be used and older keys are in force",
            metrics.assertion_keys_stale.clone(),
        );
        registry.register(
            "portcullis_assertion_mac_keys_stale",
            "1 while the folder of MAC keys cannot be used and older keys are in force",
            metrics.assertion_mac_keys_stale.clone(),
        );
        metrics
    }

    /// The counter of allowed requests under `policy`, so that to count one costs an addition.
    pub(crate) fn allowed(&self, policy: &str) -> Counter<u64, AtomicU64> {
        let (outcome, reason) = ALLOWED;
        self.checks
            .get_or_create(&CheckLabels {
                policy: policy.to_owned(),
                outcome,
                reason,
            })
            .clone()
    }

    /// Notes the duration of a decision.
    pub(crate) fn took(&self, duration: Duration) {
        self.duration.observe(duration.as_secs_f64());
    }

    /// Counts a change of the policy files.
    pub(crate) fn reloaded(&self, success: bool) {
        let outcome = if success { "success" } else { "failure" };
        self.reloads.get_or_create(&ReloadLabels { outcome }).inc();
        self.stale.set(i64::from(!success));
    }

    /// Notes whether the keys in the file of assertion keys are in force.
    pub(crate) fn assertion_keys_agree(&self, agree: bool) {
        self.assertion_keys_stale.set(i64::from(!agree));
    }

    /// Notes whether the keys in the folder of MAC keys are in force.
    pub(crate) fn assertion_mac_keys_agree(&self, agree: bool) {
        self.assertion_mac_keys_stale.set(i64::from(!agree));
    }

    /// Notes that the policies in the files are in force.
    pub(crate) fn policies_agree(&self) {
        self.stale.set(0);
    }

    /// Counts a decision. `policy` is the name of a route's policy, so clients cannot make up
    /// labels.
    pub(crate) fn count(&self, policy: Option<&str>, outcome: &'static str, reason: &'static str) {
        let labels = CheckLabels {
            policy: policy.unwrap_or("none").to_owned(),
            outcome,
            reason,
        };
        self.checks.get_or_create(&labels).inc();
    }
}
