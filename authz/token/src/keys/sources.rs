use std::sync::{Arc, Mutex, PoisonError, Weak};

use reqwest::Client;

use super::cache::KeyCache;
use super::location::KeyLocation;
use super::refresh_policy::KeyPolicy;
use super::source::KeySource;
use crate::jws::Algorithm;

/// Starts key caches, and shares one for each source among all verifiers that need it.
///
/// Keys belong to their source and not to the settings of an issuer. An issuer whose claims,
/// tenants or name change keeps the keys of its sources, even while the issuer cannot be reached.
#[derive(Clone, Debug)]
pub struct KeySources {
    pub(crate) http: Client,
    pub(crate) policy: KeyPolicy,
    running: Arc<Mutex<Vec<Running>>>,
}

/// The cache of one source. It ends with the last verifier that uses it.
#[derive(Debug)]
struct Running {
    id: SourceId,
    cache: Weak<KeyCache>,
}

/// The identity of a source: everything that decides which keys a fetch brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceId {
    pub(crate) location: KeyLocation,
    pub(crate) algorithms: Vec<Algorithm>,
    /// The owner of the keys: the tenant, or the issuer that the metadata must name.
    pub(crate) owner: String,
}

impl KeySources {
    /// Key caches that fetch with `http` by `policy`.
    #[must_use]
    pub fn new(http: Client, policy: KeyPolicy) -> Self {
        Self {
            http,
            policy,
            running: Arc::default(),
        }
    }

    /// Returns the cache that runs for `id`, or starts one from `source` by `policy`.
    pub(crate) fn cache(
        &self,
        id: SourceId,
        source: impl KeySource,
        policy: KeyPolicy,
    ) -> Arc<KeyCache> {
        // A list of weak pointers stays valid whatever a panicking holder did to it.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|running| running.cache.strong_count() > 0);
        let mut same = running.iter().filter(|running| running.id == id);
        if let Some(cache) = same.find_map(|running| running.cache.upgrade()) {
            return cache;
        }
        let cache = Arc::new(KeyCache::start(source, policy));
        running.push(Running {
            id,
            cache: Arc::downgrade(&cache),
        });
        cache
    }
}
