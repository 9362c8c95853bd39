use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::grant::Grant;

/// Metrics of token lookups and requests.
///
/// Labels have few values: grants and reason codes, never a tenant or a user.
#[derive(Clone, Debug)]
pub struct TokenMetrics {
    lookups: Family<Labels, Counter<u64, AtomicU64>>,
    refreshes: Family<Labels, Counter<u64, AtomicU64>>,
    requests: Family<Labels, Counter<u64, AtomicU64>>,
    duration: Histogram,
    cached: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    grant: &'static str,
    outcome: &'static str,
}

impl TokenMetrics {
    /// Registers the metrics in `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        // Buckets from a local imitation of Entra to the end of a budget.
        let buckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0];
        let metrics = Self {
            lookups: Family::default(),
            refreshes: Family::default(),
            requests: Family::default(),
            duration: Histogram::new(buckets),
            cached: Gauge::default(),
        };
        registry.register(
            "portcullis_token_lookups",
            "Lookups in the token cache, by grant and outcome: hit, miss, joined a request in \
             flight, or refused by a cached error",
            metrics.lookups.clone(),
        );
        registry.register(
            "portcullis_token_refreshes",
            "Refreshes of tokens before their end, by grant and outcome: issued, or the reason \
             code of the failure",
            metrics.refreshes.clone(),
        );
        registry.register(
            "portcullis_token_requests",
            "Requests to the token endpoint, by grant and outcome: issued, or the reason code of \
             the failure",
            metrics.requests.clone(),
        );
        registry.register(
            "portcullis_token_request_duration_seconds",
            "Time to obtain a token, with all attempts",
            metrics.duration.clone(),
        );
        registry.register(
            "portcullis_tokens_cached",
            "Grants in the token cache",
            metrics.cached.clone(),
        );
        metrics
    }

    pub(crate) fn looked_up(&self, grant: &Grant, outcome: &'static str) {
        self.lookups
            .get_or_create(&Labels {
                grant: grant.name(),
                outcome,
            })
            .inc();
    }

    pub(crate) fn requested(
        &self,
        grant: &Grant,
        is_refresh: bool,
        outcome: &'static str,
        took: Duration,
    ) {
        let labels = Labels {
            grant: grant.name(),
            outcome,
        };
        if is_refresh {
            self.refreshes.get_or_create(&labels).inc();
        }
        self.requests.get_or_create(&labels).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub(crate) fn holds(&self, grants: usize) {
        self.cached.set(i64::try_from(grants).unwrap_or(i64::MAX));
    }
}
