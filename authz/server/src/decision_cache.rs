//! The cache of verified callers: the next request with the same token costs a hash and a look-up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::cached_caller::CachedCaller;
use crate::shared_identity::SharedIdentities;

/// Bytes of an entry in the index: 48 in its list and up to 12 in its hash table.
const ENTRY: usize = 60;
/// Usual weight of an entry. Only the number of evicted keys that are kept depends on it.
const USUAL_WEIGHT: u64 = 512;
/// Shared identities get one part of the memory in this many.
const SHARED_PARTS: u64 = 8;
/// Least bytes for shared identities, even without a cache: to encode one for each request takes
/// 1 µs of the 16 µs of a first-seen token.
const LEAST_SHARED: u64 = 1024 * 1024;

/// Verified callers by token and policy.
///
/// A cache belongs to one set of policies and ends with it, so that no decision outlives its policy
/// (cf. Oathkeeper CVE-2021-32701). Only verified tokens enter, so forged ones evict nothing.
/// Denials are not cached: a look-up of a forged token costs as much as its denial, and an attacker
/// chooses how many there are.
pub(crate) struct DecisionCache {
    callers: Cache<TokenKey, Arc<CachedCaller>, ByWeight>,
    /// What many callers have in common.
    pub(crate) shared: SharedIdentities,
    secret: LessSafeKey,
    capacity: u64,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How full a cache is, and how many look-ups it answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheSize {
    pub(crate) callers: usize,
    /// All memory: callers, shared identities, assertions, and the index.
    pub(crate) bytes: u64,
    pub(crate) capacity: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

/// A keyed hash of the policy and the whole `Authorization` line.
///
/// It is the tag of AES-GCM under a random key and a constant nonce (GMAC). Such a tag is a
/// universal hash as long as it stays secret: any two lines collide with a probability of 2⁻¹²⁰
/// (McGrew and Viega, "The Security and Performance of the Galois/Counter Mode", lemma 2). It takes
/// 0.2 µs for a token of Entra; HMAC-SHA-256 took 0.75 µs. The token's signature cannot be the
/// key, because many tokens can have the same one (CVE-2026-33496 is this mistake).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey([u8; 16]);

#[derive(Clone, Copy, Debug)]
struct ByWeight;

impl Weighter<TokenKey, Arc<CachedCaller>> for ByWeight {
    fn weight(&self, _: &TokenKey, caller: &Arc<CachedCaller>) -> u64 {
        (caller.bytes() + ENTRY) as u64
    }
}

impl DecisionCache {
    /// A cache of at most `capacity` bytes; with 0 it keeps no callers.
    ///
    /// `None` if the system's random numbers fail.
    pub(crate) fn new(capacity: u64) -> Option<Self> {
        let mut secret = [0; 32];
        rand::fill(&mut secret).ok()?;
        let secret = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).ok()?);
        let expected = capacity / USUAL_WEIGHT;
        // The index also keeps evicted keys: half as many as there are expected entries.
        let evicted = expected / 2 * ENTRY as u64;
        let callers = capacity.saturating_sub(capacity / SHARED_PARTS + evicted);
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let callers = Cache::with_weighter(expected, callers, ByWeight);
        let shared = SharedIdentities::new(LEAST_SHARED.max(capacity / SHARED_PARTS))?;
        Some(Self {
            callers,
            shared,
            secret,
            capacity,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    /// The key of an `Authorization` line under the policy with number `policy`.
    ///
    /// `None` only if the cipher fails.
    pub(crate) fn key(&self, policy: u32, line: &[u8]) -> Option<TokenKey> {
        // AES-GCM encrypts the policy's number and authenticates the line, so neither can be taken
        // for the other.
        let mut number = policy.to_be_bytes();
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let tag = self
            .secret
            .seal_in_place_separate_tag(nonce, Aad::from(line), &mut number);
        tag.and_then(|tag| tag.as_ref().try_into().map_err(|_| Unspecified))
            .ok()
            .map(TokenKey)
    }

    /// The cached caller of `key`, if the token is still valid.
    ///
    /// It is valid if it counts at `now` and was verified with the signing keys of `key_epoch`.
    pub(crate) fn get(&self, key: TokenKey, now: u64, key_epoch: u64) -> Option<Arc<CachedCaller>> {
        let held = self.callers.get(&key);
        let hit = held
            .as_ref()
            .filter(|caller| caller.counts(now, key_epoch))
            .cloned();
        match &hit {
            Some(_) => self.hits.fetch_add(1, Ordering::Relaxed),
            None => self.misses.fetch_add(1, Ordering::Relaxed),
        };
        if held.is_some() && hit.is_none() {
            self.callers.remove(&key);
        }
        hit
    }

    pub(crate) fn insert(&self, key: TokenKey, caller: Arc<CachedCaller>) {
        self.callers.insert(key, caller);
    }

    pub(crate) fn size(&self) -> CacheSize {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let callers = self.callers.len();
        let index = self.callers.memory_used().total() as u64;
        let entries = (callers * ENTRY) as u64;
        let bytes = self.callers.weight().saturating_sub(entries) + index + self.shared.bytes();
        CacheSize {
            callers,
            bytes,
            capacity: self.capacity,
            hits: count(&self.hits),
            misses: count(&self.misses),
        }
    }
}

impl fmt::Debug for DecisionCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DecisionCache")
            .field("callers", &self.callers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
