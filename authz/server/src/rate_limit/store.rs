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
/// Requests that wait for the store at once; the gate answers no more checks than that on one
/// connection of Envoy's.
const CONCURRENT_REQUESTS: usize = 1024;

/// How the store is reached.
#[derive(Clone, Debug)]
pub(crate) struct StoreSettings {
    pub(crate) url: StoreUrl,
    /// PEM file of the authorities to trust instead of the system's.
    pub(crate) ca: Option<PathBuf>,
    /// Of each question, connecting included.
    pub(crate) timeout: Duration,
}

/// How the store fares.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoreMetrics {
    requests: Family<ResultLabels, Counter<u64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// Redis or Valkey as the memory of all replicas: one round trip for each request, decided there by
/// a script, so that no two replicas see the same free place. Its clock counts, and only its own.
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
            "Questions to the store of rate limits, by result; skipped ones were not asked because it is down",
            self.requests.clone(),
        );
    }

    fn count(&self, result: &'static str) {
        self.requests.get_or_create(&ResultLabels { result }).inc();
    }
}

impl Store {
    /// A store that is connected to when the first request needs it, so that a start does not
    /// depend on it.
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
        if !self.breaker.lets_through() {
            self.metrics.count("skipped");
            return None;
        }
        let answer = match timeout(self.timeout, self.ask(key, limit)).await {
            Ok(answer) => answer.map_err(Failure::Redis),
            Err(_) => Err(Failure::Late(self.timeout)),
        };
        self.note(&answer);
        answer.ok()
    }

    /// Host and port.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the last question was answered.
    pub(super) fn is_up(&self) -> bool {
        self.breaker.is_closed()
    }

    async fn ask(&self, key: LimitKey, limit: RateLimit) -> Result<Admission, RedisError> {
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
            _ => Admission::Refused { retry_after: wait },
        })
    }

    /// Each change is logged once, however many requests notice it.
    fn note(&self, answer: &Result<Admission, Failure>) {
        let success = answer.is_ok();
        self.metrics
            .count(if success { "success" } else { "failure" });
        let changed = self.breaker.note(success);
        match answer {
            Err(error) if changed => {
                tracing::error!(store = self.name, %error, "the store of rate limits is down")
            }
            Ok(_) if changed => {
                tracing::info!(store = self.name, "the store of rate limits answers again")
            }
            _ => {}
        }
    }
}

/// What the store calls a caller's window.
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
