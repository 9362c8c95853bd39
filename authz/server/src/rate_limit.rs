//! How often each caller may ask: an exact sliding window, in memory or shared between replicas.
//!
//! ```text
//! RateLimiter ─ Windows of verified callers, Windows of client addresses (in memory)
//!             └ Store (Redis, Valkey) ─ when it is down: Windows, or nobody passes
//! ```
//!
//! Verified callers and addresses have memory of their own: addresses cost nothing to make up, so
//! that anonymous requests could otherwise push verified callers out of their limits.

mod breaker;
mod client_address;
mod measured;
mod memory;
mod settings;
mod store;
mod store_url;
mod windows;

use std::hash::{BuildHasher, Hash, RandomState};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use portcullis_policy::RateLimit;

pub(crate) use client_address::ClientAddress;
pub use measured::MeasuredLimits;
pub(crate) use memory::{LimitMemory, POSSIBLE_MIB, Shortage, USUAL_MIB};
pub use settings::RateLimitSettings;
use store::Store;
pub(crate) use store::StoreMetrics;
pub use store_url::{InvalidStoreUrl, StoreUrl};
pub(crate) use windows::Held;
use windows::Windows;

/// Whose requests are counted together: a hash of [`Subject`] and policy, of 128 bits: by chance
/// two of a billion callers share one with a probability of 10⁻²¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey([u64; 2]);

/// Who is counted. What a caller claims without proof is never part of it.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Subject<'a> {
    /// A verified caller.
    Caller { tenant: &'a str, object_id: &'a str },
    /// An anonymous client: its address as far as Envoy vouches for it.
    Address(ClientAddress),
}

/// How a request fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may pass; so many more may within the window, whose oldest request leaves it after this
    /// time.
    Admitted { remaining: u32, reset: Duration },
    /// It may pass after this time at the earliest.
    Refused { retry_after: Duration },
    /// The memory is full of live windows, the first of which ends after this time. The request
    /// cannot be counted, so it is denied: uncounted requests would be a way around the limit, and
    /// a live window that is dropped gives its owner the whole limit again.
    Full { retry_after: Duration },
}

/// What happens while the store of the limits does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WhenStoreIsDown {
    /// Each replica counts for itself: a caller may get as many requests through as there are
    /// replicas times the limit.
    #[default]
    CountAlone,
    /// Nobody passes on a route with a limit: 503.
    Refuse,
}

/// The store that counts does not answer, and nobody is to pass without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoreDown;

/// All limits of this process.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    started: Instant,
    callers: Windows,
    addresses: Windows,
    hashers: [RandomState; 2],
    store: Option<(Store, WhenStoreIsDown)>,
}

impl RateLimiter {
    /// Limits that are counted in memory.
    pub(crate) fn in_memory(memory: LimitMemory) -> Self {
        let hashers = [RandomState::new(), RandomState::new()];
        let (callers, addresses) = (Windows::new(memory.callers), Windows::new(memory.addresses));
        Self {
            started: Instant::now(),
            callers,
            addresses,
            hashers,
            store: None,
        }
    }

    /// Limits that are counted in `store` for all replicas, and in memory while it is down.
    pub(crate) fn shared(store: Store, when_down: WhenStoreIsDown, memory: LimitMemory) -> Self {
        Self {
            store: Some((store, when_down)),
            ..Self::in_memory(memory)
        }
    }

    /// The key under which requests of `subject` under `policy` are counted. In memory it is a hash
    /// under random keys. In a store it must be the same for all replicas; object ids and addresses
    /// are not the clients' to choose, so nobody can aim at another's.
    pub(crate) fn key(&self, policy: &str, subject: Subject<'_>) -> LimitKey {
        match self.store {
            None => LimitKey(
                self.hashers
                    .each_ref()
                    .map(|hasher| hasher.hash_one((policy, subject))),
            ),
            Some(_) => shared_key(policy, subject),
        }
    }

    /// The store, if there is one, and whether it answers.
    pub(crate) fn store_is_up(&self) -> Option<(&str, bool)> {
        self.store
            .as_ref()
            .map(|(store, _)| (store.name(), store.is_up()))
    }

    /// How full the tables are: that of verified callers and that of addresses.
    pub(crate) fn held(&self) -> [(&'static str, Held); 2] {
        [
            ("callers", self.callers.held()),
            ("addresses", self.addresses.held()),
        ]
    }

    /// Counts a request now of the verified caller whose key this is.
    pub(crate) async fn admit_caller(
        &self,
        key: LimitKey,
        limit: RateLimit,
    ) -> Result<Admission, StoreDown> {
        self.admit(&self.callers, key, limit).await
    }

    /// Counts a request now of an anonymous client.
    pub(crate) async fn admit_address(
        &self,
        policy: &str,
        address: ClientAddress,
        limit: RateLimit,
    ) -> Result<Admission, StoreDown> {
        self.admit(
            &self.addresses,
            self.key(policy, Subject::Address(address)),
            limit,
        )
        .await
    }

    async fn admit(
        &self,
        windows: &Windows,
        key: LimitKey,
        limit: RateLimit,
    ) -> Result<Admission, StoreDown> {
        if let Some((store, when_down)) = &self.store {
            match (store.admit(key, limit).await, when_down) {
                (Some(admission), _) => return Ok(admission),
                (None, WhenStoreIsDown::Refuse) => return Err(StoreDown),
                (None, WhenStoreIsDown::CountAlone) => {}
            }
        }
        Ok(windows.admit(key, limit, self.started.elapsed()))
    }
}

/// Parts with their lengths, so that none runs into the next.
fn shared_key(policy: &str, subject: Subject<'_>) -> LimitKey {
    let address;
    let parts = match subject {
        Subject::Caller { tenant, object_id } => ["caller", tenant, object_id],
        Subject::Address(client) => {
            address = client.to_string();
            ["address", &address, ""]
        }
    };
    let mut text = Vec::with_capacity(160);
    for part in [policy].into_iter().chain(parts) {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    let hash = digest(&SHA256, &text);
    let half = |range| {
        hash.as_ref()
            .get(range)
            .and_then(|bytes: &[u8]| bytes.try_into().ok())
            .map_or(0, u64::from_be_bytes)
    };
    LimitKey([half(0..8), half(8..16)])
}

#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod tests;
