//! Callers whose tokens were verified, so that the next request with the same token costs a hash and a look-up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use portcullis_token::Caller;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::known_caller::{KnownCaller, SharedIdentity};

/// What an entry costs beside its own data: the allocator's rounding, the index, the queue. Measured with a million entries (`bench/benches/memory.rs`).
const OVERHEAD: usize = 230;
/// Combinations of tenant, client, roles and scopes that are kept once. Others are kept with each caller, which only costs memory.
const SHARED_IDENTITIES: usize = 4096;
/// What an entry usually weighs; only the initial size of the index depends on it.
const USUAL_WEIGHT: u64 = 512;

/// Verified callers by token and policy. It belongs to one set of policies and ends with it, so that no decision outlives its policy
/// (cf. Oathkeeper CVE-2021-32701). Only verified tokens enter: forged ones evict nothing. Nothing is remembered of refusals: a
/// forged token costs as much to look up as to refuse, and how many there are is the attacker's choice.
pub(crate) struct DecisionCache {
    callers: Cache<TokenKey, Arc<KnownCaller>, ByWeight>,
    shared: Cache<String, Arc<SharedIdentity>>,
    secret: LessSafeKey,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How full a cache is, and how useful.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheSize {
    pub(crate) callers: usize,
    /// By estimate.
    pub(crate) bytes: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

/// A keyed hash of policy and whole `Authorization` line: AES-GCM's tag of them under a random key and always the same nonce (GMAC). A tag
/// that nobody ever sees is a universal hash: whatever two lines are chosen, they meet with a probability of 2⁻¹²⁰ (McGrew and Viega,
/// "The Security and Performance of the Galois/Counter Mode", lemma 2). HMAC-SHA-256 took 0.75 µs for a token of Entra's, this takes 0.2 µs.
/// The signature alone would not do: many tokens can have it (CVE-2026-33496 is the same mistake).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey([u8; 16]);

#[derive(Clone, Copy, Debug)]
struct ByWeight;

impl Weighter<TokenKey, Arc<KnownCaller>> for ByWeight {
    fn weight(&self, _: &TokenKey, caller: &Arc<KnownCaller>) -> u64 {
        (caller.size() + OVERHEAD) as u64
    }
}

impl DecisionCache {
    /// A cache of at most `capacity` bytes; with 0 it keeps nothing. `None` if the system's random numbers fail.
    pub(crate) fn new(capacity: u64) -> Option<Self> {
        let mut secret = [0; 32];
        rand::fill(&mut secret).ok()?;
        let secret = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).ok()?);
        let expected = usize::try_from(capacity / USUAL_WEIGHT).unwrap_or(usize::MAX);
        let callers = Cache::with_weighter(expected, capacity, ByWeight);
        let (hits, misses) = (AtomicU64::new(0), AtomicU64::new(0));
        Some(Self { callers, shared: Cache::new(SHARED_IDENTITIES), secret, hits, misses })
    }

    /// The key of an `Authorization` line under the policy number `policy`; `None` only if the cipher fails.
    pub(crate) fn key(&self, policy: u32, line: &[u8]) -> Option<TokenKey> {
        // What is encrypted is the policy's number, what is authenticated is the line, so neither can be taken for the other.
        let mut number = policy.to_be_bytes();
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let tag = self.secret.seal_in_place_separate_tag(nonce, Aad::from(line), &mut number);
        tag.and_then(|tag| tag.as_ref().try_into().map_err(|_| Unspecified)).ok().map(TokenKey)
    }

    /// The caller of this key, if the token still counts at `now` and the signing keys are those that it was verified with.
    pub(crate) fn get(&self, key: TokenKey, now: u64, key_epoch: u64) -> Option<Arc<KnownCaller>> {
        let held = self.callers.get(&key);
        let known = held.as_ref().filter(|known| known.counts(now, key_epoch)).cloned();
        match &known {
            Some(_) => self.hits.fetch_add(1, Ordering::Relaxed),
            None => self.misses.fetch_add(1, Ordering::Relaxed),
        };
        if held.is_some() && known.is_none() {
            self.callers.remove(&key);
        }
        known
    }

    pub(crate) fn insert(&self, key: TokenKey, caller: Arc<KnownCaller>) {
        self.callers.insert(key, caller);
    }

    /// What `caller` has in common with others; `members` is what their assertions have in common, and so says all of it.
    pub(crate) fn share(&self, caller: &Caller, members: String) -> Option<Arc<SharedIdentity>> {
        if let Some(shared) = self.shared.get(&members) {
            return Some(shared);
        }
        let shared = Arc::new(SharedIdentity::new(caller, members.clone())?);
        self.shared.insert(members, Arc::clone(&shared));
        Some(shared)
    }

    pub(crate) fn size(&self) -> CacheSize {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (hits, misses) = (count(&self.hits), count(&self.misses));
        CacheSize { callers: self.callers.len(), bytes: self.callers.weight(), hits, misses }
    }
}

impl fmt::Debug for DecisionCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DecisionCache").field("callers", &self.callers.len()).finish_non_exhaustive()
    }
}
