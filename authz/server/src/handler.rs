use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use portcullis_assertion::{MacKeys, Signer};
use portcullis_policy::PolicySet;
use portcullis_runtime::{Registry, note_in_trace};
use portcullis_token::{KeyPolicy, KeySources, unix_now};
use reqwest::Client;

use crate::check_request::Question;
use crate::gate::Gate;
use crate::mac_keys::UpstreamMacKeys;
use crate::metrics::{ALLOWED, Metrics};
use crate::rate_limit::{LimitMemory, RateLimiter};
use crate::routes::{RouteSettings, Routes};
use crate::signers::Signers;
use crate::wire::{Check, Malformed};
use crate::{decision_log, reply};

/// The gate without its network: an encoded `CheckRequest` in, an encoded `CheckResponse` out.
#[derive(Clone, Debug)]
pub struct Handler {
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Metrics,
}

/// Why there is no answer. Envoy then lets nobody pass.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// What was asked is not a question about an HTTP request.
    #[error("the check is not about an HTTP request")]
    NotAQuestion,
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

impl Handler {
    /// A handler apart from a server, for measurements: with a signing key and metrics of its own,
    /// and `cache` bytes for verified tokens. Fails unless every issuer's keys come within 15 s.
    pub async fn start(policies: &PolicySet, http: Client, cache: u64) -> anyhow::Result<Self> {
        let metrics = Metrics::register(&mut Registry::default());
        let keys = KeySources::new(http, KeyPolicy::default());
        let settings = RouteSettings {
            keys,
            cache_capacity: cache,
            metrics: metrics.clone(),
        };
        let routes = Routes::start(policies, &settings)?;
        for (_, verifier) in routes.issuers() {
            verifier.ready(Duration::from_secs(15)).await?;
        }
        let gate = Arc::new(Gate::new(
            routes,
            Signers::public_only(Signer::generate()?),
            RateLimiter::in_memory(LimitMemory::default()),
        ));
        Ok(Self { gate, metrics })
    }

    /// Signs assertions for `upstream` with keys that it shares, for measurements.
    pub fn share_mac_keys(&self, upstream: &str, keys: MacKeys) {
        self.gate
            .replace_mac_keys(UpstreamMacKeys::of(upstream, keys));
    }

    /// How many verified tokens are held, and how many bytes they are said to take with all that
    /// belongs to them.
    #[must_use]
    pub fn cached(&self) -> (usize, u64) {
        let size = self.gate.routes().cache.size();
        (size.callers, size.bytes)
    }

    /// Answers, records the decision and counts it.
    pub async fn answer(&self, check: Bytes) -> Result<Bytes, Unanswered> {
        self.answer_at(check, unix_now()).await
    }

    /// Answers as at `now`, in seconds since 1970.
    pub async fn answer_at(&self, check: Bytes, now: u64) -> Result<Bytes, Unanswered> {
        let started = Instant::now();
        let check = Check::read(&check).map_err(|Malformed| Unanswered::NotAQuestion)?;
        let question = Question::read(&check).ok_or(Unanswered::NotAQuestion)?;
        let routes = self.gate.routes();
        let route = question.policy.and_then(|name| routes.get(name, now));
        let verdict = self.gate.check(&routes, route, &question, now).await;
        let counted = decision_log::record(&question, &verdict);
        let policy = route.map(|route| route.policy.name.as_str());
        match route {
            Some(route) if counted == ALLOWED => {
                route.allowed.inc();
            }
            _ => self.metrics.count(policy, counted.0, counted.1),
        }
        note_in_trace(|| {
            [
                (
                    "portcullis.policy",
                    policy.unwrap_or_default().to_owned().into(),
                ),
                ("portcullis.outcome", counted.0.into()),
                ("portcullis.reason", counted.1.into()),
            ]
        });
        self.metrics.took(started.elapsed());
        match verdict {
            Ok(verdict) => Ok(reply::of(
                &verdict,
                policy.unwrap_or_default(),
                question.request_id,
            )),
            Err(fault) => Err(Unanswered::Fault(fault.to_string())),
        }
    }
}
