use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use portcullis_runtime::Registry;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use sqlx::AnyPool;

use crate::Backend;
use crate::pools::Pools;

/// Metrics of the database connections.
///
/// A program registers them before it opens the database, because it builds its registry at the
/// start.
#[derive(Clone, Debug)]
pub struct DatabaseMetrics {
    pools: Arc<OnceLock<Vec<(&'static str, AnyPool)>>>,
    wait: Histogram,
    failures: Counter,
}

impl Default for DatabaseMetrics {
    /// Metrics that are not registered.
    fn default() -> Self {
        // Buckets from a free connection to the longest wait for one.
        let wait = Histogram::new([0.000_1, 0.000_5, 0.002_5, 0.01, 0.05, 0.25, 1.0, 5.0]);
        Self {
            pools: Arc::default(),
            wait,
            failures: Counter::default(),
        }
    }
}

impl DatabaseMetrics {
    /// Registers the metrics in `registry`.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "portcullis_database_wait_seconds",
            "Time that a request waited for a database connection",
            metrics.wait.clone(),
        );
        registry.register(
            "portcullis_database_wait_failures",
            "Requests that failed to get a database connection",
            metrics.failures.clone(),
        );
        registry.register_collector(Box::new(Connections(Arc::clone(&metrics.pools))));
        metrics
    }

    pub(crate) fn watch(&self, backend: Backend, pools: &Pools) {
        let named = match backend {
            Backend::Sqlite => vec![
                ("readers", pools.readers.clone()),
                ("writer", pools.writers.clone()),
            ],
            Backend::Postgres => vec![("all", pools.writers.clone())],
        };
        // Only a test opens a second database with the same metrics; the first keeps them.
        let _already_watching = self.pools.set(named);
    }

    pub(crate) fn acquired(&self, waited: Duration, success: bool) {
        self.wait.observe(waited.as_secs_f64());
        if !success {
            self.failures.inc();
        }
    }
}

/// Collector that reads the pools' state at each scrape, so that no code has to count.
struct Connections(Arc<OnceLock<Vec<(&'static str, AnyPool)>>>);

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connections")
    }
}

impl Collector for Connections {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let name = "portcullis_database_connections";
        let first = ConstGauge::new(0_i64);
        let mut family = encoder.encode_descriptor(
            name,
            "Connections to the database",
            None,
            first.metric_type(),
        )?;
        for (pool, connections) in self.0.get().into_iter().flatten() {
            let idle = i64::try_from(connections.num_idle()).unwrap_or(i64::MAX);
            let open = i64::from(connections.size());
            let limit = i64::from(connections.options().get_max_connections());
            for (state, number) in [
                ("idle", idle),
                ("used", open.saturating_sub(idle)),
                ("limit", limit),
            ] {
                let labels = [("pool", *pool), ("state", state)];
                ConstGauge::new(number).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
