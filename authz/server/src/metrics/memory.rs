//! Metrics of memory in use, and of its maximum.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::decision_cache::CacheSize;
use crate::rate_limit::Held;

#[derive(Debug, EncodeLabelSet)]
struct TableLabels {
    table: &'static str,
}

/// Memory of the decision cache.
pub(crate) fn decision_cache(
    encoder: &mut DescriptorEncoder<'_>,
    cache: &CacheSize,
) -> Result<(), fmt::Error> {
    for (name, help, value) in [
        (
            "portcullis_decision_cache_callers",
            "Verified tokens held",
            cache.callers as u64,
        ),
        (
            "portcullis_decision_cache_bytes",
            "Memory of verified tokens",
            cache.bytes,
        ),
        (
            "portcullis_decision_cache_capacity_bytes",
            "Maximum memory of verified tokens",
            cache.capacity,
        ),
    ] {
        let gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(gauge)?;
    }
    Ok(())
}

/// Memory of rate limits, by table: verified callers, and addresses of anonymous clients.
pub(crate) fn rate_limits(
    encoder: &mut DescriptorEncoder<'_>,
    tables: &[(&'static str, Held)],
) -> Result<(), fmt::Error> {
    let of = |value: fn(&Held) -> usize| move |held: &Held| value(held) as u64;
    for (name, help, value) in [
        (
            "portcullis_rate_limit_windows",
            "Windows held",
            of(|held| held.windows),
        ),
        (
            "portcullis_rate_limit_bytes",
            "Memory of windows",
            of(|held| held.bytes),
        ),
        (
            "portcullis_rate_limit_capacity_bytes",
            "Maximum memory of windows",
            of(|held| held.capacity),
        ),
    ] {
        let mut gauges = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (table, held) in tables {
            let labels = TableLabels { table };
            ConstGauge::new(value(held)).encode(gauges.encode_family(&labels)?)?;
        }
    }
    Ok(())
}
