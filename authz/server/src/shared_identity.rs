//! Shared identities: what many callers have in common, encoded once, in memory of its own.

mod group;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_assertion::shared_members;
use portcullis_token::Caller;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use self::group::{Group, GroupOf};
use crate::allocation::allocated;
use crate::identity_headers;
use crate::reply_part::ReplyPart;

/// Usual weight of an identity. Only the number of evicted keys that are kept depends on it.
const USUAL_WEIGHT: u64 = 1024;
/// Few, so that the largest identities fit into each. Only first-seen tokens come here, so the
/// locks are seldom contended.
const SHARDS: usize = 4;

/// The tenant, and what a caller may do there.
///
/// It is the same for thousands of callers, so it is kept once.
#[derive(Debug)]
pub(crate) struct SharedIdentity {
    pub(crate) tenant: Box<str>,
    pub(crate) headers: ReplyPart,
    pub(crate) members: Box<str>,
    /// `None` if it found no room beside the others: then it is weighed with its caller.
    charge: Option<Charge>,
}

/// Bytes of the memory for shared identities, released when the identity is dropped.
///
/// Callers may hold an identity long after it was evicted from the index.
#[derive(Debug)]
struct Charge {
    held: Arc<AtomicU64>,
    bytes: u64,
}

impl Charge {
    /// Reserves `bytes`; `None` if they would exceed `capacity`.
    fn take(held: &Arc<AtomicU64>, bytes: u64, capacity: u64) -> Option<Self> {
        let more = |held: u64| held.checked_add(bytes).filter(|total| *total <= capacity);
        held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        Some(Self {
            held: Arc::clone(held),
            bytes,
        })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl SharedIdentity {
    /// `None` if a header would be too long to pass on.
    pub(crate) fn new(caller: &Caller) -> Option<Self> {
        let headers = identity_headers::shared(caller)?;
        let members = shared_members(caller)?;
        Some(Self {
            // Copies: mimalloc shrinks a more than half used allocation in place, so it would keep
            // the size that it grew to.
            tenant: Box::from(&*caller.tenant),
            headers,
            members: Box::from(&*members),
            charge: None,
        })
    }

    /// Bytes to weigh with the caller that holds it.
    pub(crate) fn unshared_bytes(&self) -> usize {
        if self.charge.is_some() {
            0
        } else {
            self.bytes()
        }
    }

    fn bytes(&self) -> usize {
        let parts = [self.tenant.len(), self.headers.len(), self.members.len()];
        in_arc::<Self>() + parts.map(allocated).iter().sum::<usize>()
    }
}

/// Bytes of a `T` behind an `Arc`, which has two counters.
pub(crate) const fn in_arc<T>() -> usize {
    allocated(size_of::<T>() + 2 * size_of::<usize>())
}

/// Shared identities, by their contents.
///
/// Half of the memory is for those in the index. The other half is for those that were evicted from
/// it while callers still hold them. When it is used up, new combinations are not shared.
#[derive(Debug)]
pub(crate) struct SharedIdentities {
    index: Cache<Group, Arc<SharedIdentity>, ByWeight>,
    held: Arc<AtomicU64>,
    capacity: u64,
}

#[derive(Clone, Copy, Debug)]
struct ByWeight;

impl Weighter<Group, Arc<SharedIdentity>> for ByWeight {
    fn weight(&self, group: &Group, shared: &Arc<SharedIdentity>) -> u64 {
        (group.bytes() + shared.bytes()) as u64
    }
}

impl SharedIdentities {
    /// Identities that take `capacity` bytes at most; `None` if the system's random numbers fail.
    pub(crate) fn new(capacity: u64) -> Option<Self> {
        let index = capacity / 2;
        let usual = index / USUAL_WEIGHT;
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(usize::try_from(usual).unwrap_or(usize::MAX))
            .weight_capacity(index)
            .build()
            .ok()?;
        let hasher = DefaultHashBuilder::default();
        let index = Cache::with_options(options, ByWeight, hasher, DefaultLifecycle::default());
        Some(Self {
            index,
            held: Arc::default(),
            capacity,
        })
    }

    /// The shared identity of `caller`; `None` if a header would be too long to pass on.
    pub(crate) fn of(&self, caller: &Caller) -> Option<Arc<SharedIdentity>> {
        if let Some(shared) = self.index.get(&GroupOf(caller)) {
            return Some(shared);
        }
        let shared = SharedIdentity::new(caller)?;
        let bytes = (GroupOf(caller).bytes() + shared.bytes()) as u64;
        let charge = Charge::take(&self.held, bytes, self.capacity);
        let is_shared = charge.is_some();
        let shared = Arc::new(SharedIdentity { charge, ..shared });
        if is_shared {
            self.index
                .insert(GroupOf(caller).to_owned(), Arc::clone(&shared));
        }
        Some(shared)
    }

    /// Bytes of all shared identities that the index or a caller holds.
    pub(crate) fn bytes(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
