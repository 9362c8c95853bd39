use std::sync::atomic::AtomicU64;

use portcullis_entra_client::TokenMetrics;
use portcullis_runtime::Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::CallError;

/// Metrics of calls to other services, and of the tokens for them.
#[derive(Clone, Debug)]
pub(crate) struct DownstreamMetrics {
    pub(super) tokens: TokenMetrics,
    calls: Family<CallLabels, Counter<u64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    service: &'static str,
    outcome: &'static str,
}

impl DownstreamMetrics {
    /// Registers the metrics in `registry`.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let calls = Family::default();
        registry.register(
            "portcullis_downstream_calls",
            "Calls to other services, by service and outcome: delivered, or the reason code of \
             the failure",
            calls.clone(),
        );
        Self {
            tokens: TokenMetrics::register(registry),
            calls,
        }
    }

    pub(super) fn called(&self, service: &'static str, answer: &Result<(), CallError>) {
        let outcome = answer
            .as_ref()
            .map_or_else(CallError::reason, |()| "delivered");
        self.calls
            .get_or_create(&CallLabels { service, outcome })
            .inc();
    }
}
