use std::sync::atomic::AtomicU64;

use portcullis_runtime::Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::message::{Kind, Outcome};

/// Metrics of deliveries.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutboxMetrics {
    attempts: Family<AttemptLabels, Counter<u64, AtomicU64>>,
    depth: Family<KindLabels, Gauge>,
    age: Family<KindLabels, Gauge<f64, AtomicU64>>,
    tokens: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    kind: &'static str,
    outcome: &'static str,
}

impl OutboxMetrics {
    /// Registers the metrics in `registry`.
    #[must_use]
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let Self {
            attempts,
            depth,
            age,
            tokens,
        } = metrics.clone();
        registry.register(
            "portcullis_outbox_attempts",
            "Attempts to deliver messages, by kind and outcome",
            attempts,
        );
        registry.register(
            "portcullis_outbox_depth",
            "Waiting messages of all processes, by kind",
            depth,
        );
        registry.register(
            "portcullis_outbox_age_seconds",
            "Time for which the oldest message has waited, by kind",
            age,
        );
        registry.register(
            "portcullis_outbox_tokens",
            "Users' tokens that this process holds for notifications",
            tokens,
        );
        metrics
    }

    pub(super) fn attempted(&self, kind: Kind, outcome: Outcome) {
        self.attempts
            .get_or_create(&AttemptLabels {
                kind: kind.as_str(),
                outcome: outcome.as_str(),
            })
            .inc();
    }

    pub(super) fn waiting(&self, kind: Kind, depth: i64, age_milliseconds: i64) {
        let labels = KindLabels {
            kind: kind.as_str(),
        };
        self.depth.get_or_create(&labels).set(depth);
        #[expect(
            clippy::cast_precision_loss,
            reason = "an age in milliseconds is exact far beyond any outage"
        )]
        self.age
            .get_or_create(&labels)
            .set(age_milliseconds as f64 / 1000.0);
    }

    pub(super) fn tokens(&self, number: usize) {
        self.tokens.set(i64::try_from(number).unwrap_or(i64::MAX));
    }
}
