//! Shared identities: what many callers have in common, encoded once, in memory of its own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_assertion::shared_members;
use portcullis_token::{Caller, CallerKind};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter};

use crate::allocation::allocated;
use crate::identity_headers;
use crate::reply_bytes::ReplyPart;

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

/// The parts of a caller that make a [`SharedIdentity`].
#[derive(Debug, PartialEq, Eq, Hash)]
struct Group {
    tenant: String,
    kind: CallerKind,
    actor: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
}

/// The [`Group`] of a caller, without copies.
///
/// The encoded members could be the key too, but encoding takes 3,000 instructions each time.
struct GroupOf<'a>(&'a Caller);

impl Group {
    fn bytes(&self) -> usize {
        let Self {
            tenant,
            actor,
            roles,
            scopes,
            ..
        } = self;
        group_bytes(tenant, actor.as_deref(), [roles, scopes])
    }
}

/// Bytes of a group: on the heap, and in its entry.
fn group_bytes(tenant: &str, actor: Option<&str>, lists: [&Vec<String>; 2]) -> usize {
    let list = |list: &Vec<String>| {
        let strings: usize = list.iter().map(|item| allocated(item.len())).sum();
        allocated(list.len() * size_of::<String>()) + strings
    };
    let strings = allocated(tenant.len()) + allocated(actor.map_or(0, str::len));
    ENTRY + strings + lists.map(list).iter().sum::<usize>()
}

/// Bytes of an entry in the index: key, pointer, links and its share of the hash table.
const ENTRY: usize = size_of::<Group>() + 48;

impl GroupOf<'_> {
    fn bytes(&self) -> usize {
        let Caller {
            tenant,
            actor,
            roles,
            scopes,
            ..
        } = self.0;
        group_bytes(tenant, actor.as_deref(), [roles, scopes])
    }

    fn to_owned(&self) -> Group {
        let Caller {
            tenant,
            kind,
            actor,
            roles,
            scopes,
            ..
        } = self.0.clone();
        Group {
            tenant,
            kind,
            actor,
            roles,
            scopes,
        }
    }
}

impl Hash for GroupOf<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Caller {
            tenant,
            kind,
            actor,
            roles,
            scopes,
            ..
        } = self.0;
        (tenant, kind, actor, roles, scopes).hash(state);
    }
}

impl Equivalent<Group> for GroupOf<'_> {
    fn equivalent(
        &self,
        Group {
            tenant,
            kind,
            actor,
            roles,
            scopes,
        }: &Group,
    ) -> bool {
        let Self(caller) = self;
        (tenant, kind, actor, roles, scopes)
            == (
                &caller.tenant,
                &caller.kind,
                &caller.actor,
                &caller.roles,
                &caller.scopes,
            )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portcullis_token::{Caller, CallerKind};

    use super::{SharedIdentities, SharedIdentity};

    const CAPACITY: u64 = 1024 * 1024;

    fn caller() -> Caller {
        Caller {
            tenant: "t".to_owned(),
            object_id: "o".to_owned(),
            kind: CallerKind::User,
            actor: Some("c".to_owned()),
            name: None,
            email: None,
            roles: vec!["Reader".to_owned(), "Editor".to_owned()],
            scopes: vec!["read".to_owned()],
        }
    }

    #[test]
    fn callers_of_the_same_group_share_an_identity() {
        let all = SharedIdentities::new(CAPACITY).unwrap();
        let first = all.of(&caller()).unwrap();
        let other = Caller {
            object_id: "p".to_owned(),
            name: Some("n".to_owned()),
            email: Some("e".to_owned()),
            ..caller()
        };
        assert!(
            Arc::ptr_eq(&first, &all.of(&caller()).unwrap())
                && Arc::ptr_eq(&first, &all.of(&other).unwrap())
        );
    }

    #[test]
    fn caller_of_another_group_gets_its_own_identity() {
        let all = SharedIdentities::new(CAPACITY).unwrap();
        let text = |text: &str| text.to_owned();
        for other in [
            caller(),
            Caller {
                tenant: text("u"),
                ..caller()
            },
            Caller {
                kind: CallerKind::Application,
                ..caller()
            },
            Caller {
                actor: Some(text("d")),
                ..caller()
            },
            Caller {
                actor: None,
                ..caller()
            },
            Caller {
                roles: vec![text("Reader")],
                ..caller()
            },
            Caller {
                roles: vec![text("Editor"), text("Reader")],
                ..caller()
            },
            Caller {
                roles: vec![text("Reader"), text("Editor"), text("read")],
                scopes: vec![],
                ..caller()
            },
            Caller {
                roles: vec![text("ReaderEditor")],
                ..caller()
            },
            Caller {
                scopes: vec![text("read"), text("write")],
                ..caller()
            },
            Caller {
                scopes: vec![],
                ..caller()
            },
        ] {
            let found = all.of(&other).unwrap();
            let expected = SharedIdentity::new(&other).unwrap();
            assert_eq!(
                (&found.tenant, &found.headers),
                (&expected.tenant, &expected.headers),
                "{other:?}"
            );
            assert_eq!(found.members, expected.members, "{other:?}");
        }
    }

    /// A combination of roles that takes some kilobytes, different for each number.
    fn combination(number: u32) -> Caller {
        let role = |index| format!("Role.With.A.Long.Name.{number:06}.{index:04}");
        Caller {
            roles: (0..100).map(role).collect(),
            ..caller()
        }
    }

    #[test]
    fn held_identities_are_weighed_after_they_left_the_index() {
        let all = SharedIdentities::new(CAPACITY).unwrap();
        let held: Vec<_> = (0..1_000)
            .map(|number| all.of(&combination(number)).unwrap())
            .collect();
        assert!(
            all.bytes() <= CAPACITY && all.bytes() > CAPACITY / 2,
            "{}",
            all.bytes()
        );
        let weighed: usize = held.iter().map(|shared| shared.unshared_bytes()).sum();
        let bytes: usize = held.iter().map(|shared| shared.bytes()).sum();
        let shared: usize = held.iter().filter(|shared| shared.charge.is_some()).count();
        assert!(shared > 20 && shared < 200, "{shared}");
        // Each is weighed once: with its caller, or here together with its key.
        assert!(weighed + usize::try_from(all.bytes()).unwrap() >= bytes);
        drop(held);
        assert!(
            all.bytes() <= CAPACITY / 2,
            "dropped identities release their memory: {}",
            all.bytes()
        );
        assert_eq!(all.bytes(), all.index.weight());
        assert_eq!(
            all.of(&combination(2_000)).unwrap().unshared_bytes(),
            0,
            "there is room again"
        );
    }

    #[test]
    fn identity_larger_than_the_memory_is_not_shared() {
        let all = SharedIdentities::new(1024).unwrap();
        let shared = all.of(&combination(1)).unwrap();
        assert_eq!((all.bytes(), shared.unshared_bytes()), (0, shared.bytes()));
    }
}
