use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context;
use portcullis_policy::RateLimit;
use portcullis_runtime::{Registry, warn_of_expired_certificates};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script, TlsCertificates};
use tokio::time::timeout;

use super::breaker::Breaker;
use super::{Admission, LimitKey, StoreUrl};

const SLIDING_WINDOW: &str = include_str!("sliding_window.lua");
/// Most requests that wait for the store at once. The authz server answers no more checks at once
/// on one connection of Envoy.
const CONCURRENT_REQUESTS: usize = 1024;

/// How to reach the rate-limit store.
#[derive(Clone, Debug)]
pub(crate) struct StoreSettings {
    pub(crate) url: StoreUrl,
    /// PEM file of the certificate authorities to trust instead of the system's.
    pub(crate) ca: Option<PathBuf>,
    /// Maximum time of each request, connecting included.
    pub(crate) timeout: Duration,
}

/// Metrics of requests to the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoreMetrics {
    requests: Family<ResultLabels, Counter<u64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// Redis or Valkey, in which all replicas count together.
///
/// Each request takes one round trip. A script decides in the store, so two replicas cannot both
/// take the last place in a window. Only the store's clock counts.
pub(crate) struct Store {
    connection: ConnectionManager,
    script: Script,
    timeout: Duration,
    breaker: Breaker,
    metrics: StoreMetrics,
    name: String,
}

/// Why the store did not answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("{0}")]
    Redis(#[from] RedisError),
}

impl StoreMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "portcullis_rate_limit_store_requests",
            "Requests to the rate-limit store, by result; skipped: the circuit breaker was open",
            self.requests.clone(),
        );
    }

    fn count(&self, result: &'static str) {
        self.requests.get_or_create(&ResultLabels { result }).inc();
    }
}

impl Store {
    /// Connects when the first request needs the store, so that a start does not depend on it.
    pub(crate) fn new(settings: StoreSettings, metrics: StoreMetrics) -> anyhow::Result<Self> {
        let StoreSettings { url, ca, timeout } = settings;
        let name = url.to_string();
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout))
            .set_number_of_retries(0)
            .set_concurrency_limit(CONCURRENT_REQUESTS);
        let client = client(&url, ca)?;
        let connection = ConnectionManager::new_lazy_with_config(client, config)
            .with_context(|| format!("--rate-limit-store {name}: cannot be used"))?;
        Ok(Self {
            connection,
            script: Script::new(SLIDING_WINDOW),
            timeout,
            breaker: Breaker::new(),
            metrics,
            name,
        })
    }

    /// Counts a request; `None` if the store does not answer.
    pub(super) async fn admit(&self, key: LimitKey, limit: RateLimit) -> Option<Admission> {
        if !self.breaker.permits_call() {
            self.metrics.count("skipped");
            return None;
        }
        let outcome = match timeout(self.timeout, self.run_script(key, limit)).await {
            Ok(outcome) => outcome.map_err(Failure::Redis),
            Err(_) => Err(Failure::Late(self.timeout)),
        };
        self.note(&outcome);
        outcome.ok()
    }

    /// Host and port.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the store answered the last request.
    pub(super) fn is_up(&self) -> bool {
        self.breaker.is_closed()
    }

    async fn run_script(&self, key: LimitKey, limit: RateLimit) -> Result<Admission, RedisError> {
        let window = u64::try_from(limit.per.as_micros()).unwrap_or(u64::MAX);
        let mut invocation = self.script.key(name_of(key));
        invocation.arg(limit.requests).arg(window);
        let (admitted, remaining, wait): (u8, u32, u64) = invocation
            .invoke_async(&mut self.connection.clone())
            .await?;
        let wait = Duration::from_micros(wait);
        Ok(match admitted {
            1 => Admission::Admitted {
                remaining,
                reset: wait,
            },
            _ => Admission::Denied { retry_after: wait },
        })
    }

    /// Counts an outcome. Each change is logged once, however many requests notice it.
    fn note(&self, outcome: &Result<Admission, Failure>) {
        let success = outcome.is_ok();
        self.metrics
            .count(if success { "success" } else { "failure" });
        let changed = self.breaker.note(success);
        match outcome {
            Err(error) if changed => {
                tracing::error!(store = self.name, %error, "the rate-limit store is down");
            }
            Ok(_) if changed => {
                tracing::info!(store = self.name, "the rate-limit store answers again");
            }
            _ => {}
        }
    }
}

/// The key of a window in the store.
pub(super) fn name_of(LimitKey([high, low]): LimitKey) -> String {
    format!("portcullis:limit:{high:016x}{low:016x}")
}

fn client(url: &StoreUrl, ca: Option<PathBuf>) -> anyhow::Result<Client> {
    let wrong = || format!("--rate-limit-store {url}: cannot be used");
    let Some(file) = ca else {
        return Client::open(url.0.clone()).with_context(wrong);
    };
    let place = || format!("--rate-limit-store-ca {}", file.display());
    anyhow::ensure!(
        url.is_tls(),
        "{}: --rate-limit-store {url} does not use TLS; write rediss://",
        place()
    );
    let pem = std::fs::read(&file).with_context(|| format!("{}: cannot be read", place()))?;
    warn_of_expired_certificates("--rate-limit-store-ca", &file, &pem);
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(pem),
    };
    Client::build_with_tls(url.0.clone(), certificates).with_context(wrong)
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
