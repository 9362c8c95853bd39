//! Metrics of the present state, read at each scrape, so that they follow every reload.

use std::fmt;
use std::sync::{Arc, OnceLock};

use portcullis_runtime::Registry;
use portcullis_token::KeyStatus;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::memory;
use crate::authorizer::Authorizer;
use crate::reload::PoliciesInForce;
use crate::routes::Routes;

/// The collector: registered at the start, and empty until there is an `Authorizer`.
#[derive(Clone, Debug, Default)]
pub(crate) struct StateMetrics(Arc<OnceLock<(Arc<Authorizer>, PoliciesInForce)>>);

/// Labels of a key source. Policies name all of them; none comes from a token.
#[derive(Debug, EncodeLabelSet)]
struct SourceLabels {
    issuer: String,
    source: String,
}

#[derive(Debug, EncodeLabelSet)]
struct FetchLabels {
    issuer: String,
    source: String,
    result: &'static str,
}

#[derive(Debug, EncodeLabelSet)]
struct VersionLabels {
    version: String,
}

#[derive(Debug, EncodeLabelSet)]
struct LookUpLabels {
    result: &'static str,
}

impl StateMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register_collector(Box::new(metrics.clone()));
        metrics
    }

    pub(crate) fn observe(&self, authorizer: Arc<Authorizer>, policies: PoliciesInForce) {
        // A process has one `Authorizer`, so it is set once.
        let _set = self.0.set((authorizer, policies));
    }
}

impl Collector for StateMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some((authorizer, policies)) = self.0.get() else {
            return Ok(());
        };
        let routes = authorizer.routes();
        let sources: Vec<(String, KeyStatus)> = routes
            .issuers()
            .flat_map(|(name, verifier)| {
                verifier
                    .key_status()
                    .into_iter()
                    .map(|status| (name.to_owned(), status))
            })
            .collect();
        keys(&mut encoder, &sources)?;
        let cache = routes.cache.size();
        memory::decision_cache(&mut encoder, &cache)?;
        memory::rate_limits(&mut encoder, &authorizer.rate_limits_held())?;
        let help = "Look-ups of verified tokens since the policies last changed";
        let mut look_ups = encoder.encode_descriptor(
            "portcullis_decision_cache_look_ups",
            help,
            None,
            MetricType::Counter,
        )?;
        for (result, count) in [("hit", cache.hits), ("miss", cache.misses)] {
            ConstCounter::new(count).encode(look_ups.encode_family(&LookUpLabels { result })?)?;
        }
        if let Some((_, up)) = authorizer.rate_limit_store() {
            let help = "1 while the rate-limit store answers";
            gauge(
                &mut encoder,
                "portcullis_rate_limit_store_up",
                help,
                u64::from(up),
            )?;
        }
        let help = "The policies in force, by a hash of their files";
        let mut info = encoder.encode_descriptor(
            "portcullis_policy_version",
            help,
            None,
            MetricType::Gauge,
        )?;
        let version = policies.state().version;
        ConstGauge::new(1_u64).encode(info.encode_family(&VersionLabels { version })?)?;
        policies_in_force(&mut encoder, &routes)
    }
}

fn keys(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &[(String, KeyStatus)],
) -> Result<(), fmt::Error> {
    let labels = |(issuer, status): &(String, KeyStatus)| SourceLabels {
        issuer: issuer.clone(),
        source: status.source.clone(),
    };
    let mut numbers = encoder.encode_descriptor(
        "portcullis_keys",
        "Usable signing keys held",
        None,
        MetricType::Gauge,
    )?;
    for source in sources {
        let number = source
            .1
            .keys
            .as_ref()
            .map_or(0, |fetched| fetched.keys.len()) as u64;
        ConstGauge::new(number).encode(numbers.encode_family(&labels(source))?)?;
    }
    let help = "1 while the source has usable signing keys; 0: its tokens are answered with 503";
    let mut ready =
        encoder.encode_descriptor("portcullis_issuer_ready", help, None, MetricType::Gauge)?;
    for source in sources {
        let is_ready = u64::from(source.1.is_ready());
        ConstGauge::new(is_ready).encode(ready.encode_family(&labels(source))?)?;
    }
    let help = "Time since signing keys were last fetched";
    let mut age =
        encoder.encode_descriptor("portcullis_key_age_seconds", help, None, MetricType::Gauge)?;
    for source in sources {
        if let Some(fetched_at) = source.1.fetched_at {
            ConstGauge::new(fetched_at.elapsed().as_secs_f64())
                .encode(age.encode_family(&labels(source))?)?;
        }
    }
    let help = "Fetches of signing keys, by result";
    let mut fetches =
        encoder.encode_descriptor("portcullis_key_fetches", help, None, MetricType::Counter)?;
    for (issuer, status) in sources {
        for (result, count) in [("success", status.successes), ("failure", status.failures)] {
            let labels = FetchLabels {
                issuer: issuer.clone(),
                source: status.source.clone(),
                result,
            };
            ConstCounter::new(count).encode(fetches.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

/// One gauge for each policy in force.
///
/// A removed policy is not in force, although it still decides: no new route may name it.
fn policies_in_force(encoder: &mut DescriptorEncoder<'_>, routes: &Routes) -> fmt::Result {
    let name = "portcullis_policy_in_force";
    let help = "1 for each policy of the set in force";
    let mut gauges = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for policy in routes.policy_names() {
        ConstGauge::new(1_u64).encode(gauges.encode_family(&[("policy", policy)])?)?;
    }
    Ok(())
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: u64,
) -> Result<(), fmt::Error> {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}
