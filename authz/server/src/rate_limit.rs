//! Rate limits: an exact sliding window for each caller, in memory or shared between replicas.
//!
//! ```text
//! RateLimiter ─ Windows of verified callers, Windows of client addresses (in memory)
//!             └ Store (Redis, Valkey) ─ when it is down: Windows, or a fault (503)
//! ```
//!
//! Verified callers and addresses have separate memory. Addresses cost nothing to make up, so
//! anonymous requests could otherwise fill the memory that verified callers need.

mod breaker;
mod client_address;
mod measured;
mod memory;
mod settings;
mod store;
mod store_url;
mod windows;

use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use portcullis_policy::RateLimit;
use portcullis_runtime::{KeyedHash, NoRandomNumbers};

pub(crate) use client_address::ClientAddress;
pub use measured::MeasuredLimits;
pub use memory::{LimitMemory, POSSIBLE_MIB, Shortage, USUAL_MIB};
pub use settings::RateLimitSettings;
use store::Store;
pub(crate) use store::StoreMetrics;
pub use store_url::{InvalidStoreUrl, StoreUrl};
pub(crate) use windows::Held;
use windows::Windows;

/// The key of a window: a hash of policy and [`Subject`].
///
/// It has 128 bits, so two of a billion callers share one by chance with a probability of 10⁻²¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey([u64; 2]);

/// Whose requests a window counts. Unverified claims are never part of it.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Subject<'a> {
    /// A verified caller.
    Caller { tenant: &'a str, object_id: &'a str },
    /// An anonymous client, by its address as far as Envoy trusts it.
    Address(ClientAddress),
}

/// What a rate limit decides about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The request may pass, and `remaining` more. The oldest request leaves the window after
    /// `reset`.
    Admitted { remaining: u32, reset: Duration },
    /// The window is full until `retry_after` has passed.
    Denied { retry_after: Duration },
    /// The memory is full of live windows, and the first of them ends after `retry_after`.
    ///
    /// The request cannot be counted, so it is denied: uncounted requests would be a way around the
    /// limit, and to drop a live window would give its caller the whole limit again.
    Full { retry_after: Duration },
}

/// What to do while the rate-limit store does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WhenStoreIsDown {
    /// Each replica counts for itself: a caller may send up to the limit times the number of
    /// replicas.
    #[default]
    CountAlone,
    /// Answer 503 on routes with a limit.
    Refuse,
}

/// The rate-limit store does not answer, and requests must not pass uncounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoreDown;

/// All rate limits of this process.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    started: Instant,
    callers: Windows,
    addresses: Windows,
    hash: KeyedHash,
    store: Option<(Store, WhenStoreIsDown)>,
}

impl RateLimiter {
    /// Counts in memory.
    pub(crate) fn in_memory(memory: LimitMemory) -> Result<Self, NoRandomNumbers> {
        let hash = KeyedHash::random()?;
        Ok(Self {
            started: Instant::now(),
            callers: Windows::new(memory.callers, &hash),
            addresses: Windows::new(memory.addresses, &hash),
            hash,
            store: None,
        })
    }

    /// Counts in `store` for all replicas, and in memory while the store is down.
    pub(crate) fn shared(
        store: Store,
        when_down: WhenStoreIsDown,
        memory: LimitMemory,
    ) -> Result<Self, NoRandomNumbers> {
        Ok(Self {
            store: Some((store, when_down)),
            ..Self::in_memory(memory)?
        })
    }

    /// The key of the window that counts requests of `subject` under `policy`.
    ///
    /// In memory it is a hash under a random key. In a store it must be the same for all replicas.
    /// Clients cannot choose object ids and addresses, so no client can aim at another's window.
    pub(crate) fn key(&self, policy: &str, subject: Subject<'_>) -> LimitKey {
        match self.store {
            None => LimitKey(self.hash.hash(&(policy, subject))),
            Some(_) => shared_key(policy, subject),
        }
    }

    /// The name of the store, if there is one, and whether it answers.
    pub(crate) fn store_is_up(&self) -> Option<(&str, bool)> {
        self.store
            .as_ref()
            .map(|(store, _)| (store.name(), store.is_up()))
    }

    /// How full the tables of verified callers and of addresses are.
    pub(crate) fn held(&self) -> [(&'static str, Held); 2] {
        [
            ("callers", self.callers.held()),
            ("addresses", self.addresses.held()),
        ]
    }

    /// Counts a request of the verified caller with this key.
    pub(crate) async fn admit_caller(
        &self,
        key: LimitKey,
        limit: RateLimit,
    ) -> Result<Admission, StoreDown> {
        self.admit(&self.callers, key, limit).await
    }

    /// Counts a request of an anonymous client.
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

/// The key in a store: a hash of all parts, each with its length, so that parts cannot overlap.
fn shared_key(policy: &str, subject: Subject<'_>) -> LimitKey {
    let address;
    let parts = match subject {
        Subject::Caller { tenant, object_id } => ["caller", tenant, object_id],
        Subject::Address(client) => {
            address = client.to_string();
            ["address", &address, ""]
        }
    };
    let mut bytes = Vec::with_capacity(160);
    for part in [policy].into_iter().chain(parts) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    let hash = digest(&SHA256, &bytes);
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
