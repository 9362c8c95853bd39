use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use portcullis_assertion::{MacKeys, Signer};
use portcullis_policy::PolicySet;
use portcullis_runtime::{Registry, note_in_trace};
use portcullis_token::{KeyPolicy, KeySources, unix_now};
use prost::Message;
use reqwest::Client;

use crate::authorizer::Authorizer;
use crate::check_request::Attributes;
use crate::ext_authz::CheckRequest;
use crate::mac_keys::UpstreamMacKeys;
use crate::metrics::{ALLOWED, Metrics};
use crate::rate_limit::{LimitMemory, RateLimiter};
use crate::routes::{RouteSettings, Routes};
use crate::signers::Signers;
use crate::{decision_log, reply};

/// The authz server without a network: encoded `CheckRequest` in, encoded `CheckResponse` out.
#[derive(Clone, Debug)]
pub struct Handler {
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) metrics: Metrics,
}

/// Why there is no `CheckResponse`. Envoy then forwards nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The message is no `CheckRequest` about an HTTP request.
    #[error("the check is not about an HTTP request")]
    NotHttp,
    /// An error of the system rather than of the request.
    #[error("{0}")]
    Fault(String),
}

impl Handler {
    /// A handler without a server, for benchmarks.
    ///
    /// It has its own assertion key and metrics, and `cache` bytes for verified tokens. Fails
    /// unless the keys of every issuer arrive within 15 s.
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
        let authorizer = Arc::new(Authorizer::new(
            routes,
            Signers::public_only(Signer::generate()?),
            RateLimiter::in_memory(LimitMemory::default())?,
        ));
        Ok(Self {
            authorizer,
            metrics,
        })
    }

    /// Signs assertions for `upstream` with MAC keys, for benchmarks.
    pub fn share_mac_keys(&self, upstream: &str, keys: MacKeys) {
        self.authorizer
            .replace_mac_keys(UpstreamMacKeys::of(upstream, keys));
    }

    /// The number of cached callers, and the bytes that the cache counts for them.
    #[must_use]
    pub fn cached(&self) -> (usize, u64) {
        let size = self.authorizer.routes().cache.size();
        (size.callers, size.bytes)
    }

    /// Answers `check`, and logs and counts the decision.
    pub async fn answer(&self, check: Bytes) -> Result<Bytes, Unanswered> {
        self.answer_at(check, unix_now()).await
    }

    /// Answers `check` as at `now`, in seconds since 1970.
    pub async fn answer_at(&self, check: Bytes, now: u64) -> Result<Bytes, Unanswered> {
        let started = Instant::now();
        let check = CheckRequest::decode(check).map_err(|_malformed| Unanswered::NotHttp)?;
        let attributes = Attributes::read(&check).ok_or(Unanswered::NotHttp)?;
        let routes = self.authorizer.routes();
        let route = attributes.policy.and_then(|name| routes.get(name, now));
        let decision = self
            .authorizer
            .check(&routes, route, &attributes, now)
            .await;
        let counted = decision_log::record(&attributes, &decision);
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
        match decision {
            Ok(decision) => Ok(reply::of(
                &decision,
                policy.unwrap_or_default(),
                attributes.request_id,
            )),
            Err(fault) => Err(Unanswered::Fault(fault.to_string())),
        }
    }
}
