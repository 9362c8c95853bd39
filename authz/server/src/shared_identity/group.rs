//! What callers of one shared identity have in common, as a key of the index.

use std::hash::{Hash, Hasher};

use portcullis_token::{Caller, CallerKind};
use quick_cache::Equivalent;

use crate::allocation::allocated;

/// The parts of a caller that make a [`SharedIdentity`](super::SharedIdentity).
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Group {
    tenant: String,
    kind: CallerKind,
    actor: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
}

/// The [`Group`] of a caller, without copies.
///
/// The encoded members could be the key too, but encoding takes 3,000 instructions each time.
pub(super) struct GroupOf<'a>(pub(super) &'a Caller);

impl Group {
    pub(super) fn bytes(&self) -> usize {
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
    pub(super) fn bytes(&self) -> usize {
        let Caller {
            tenant,
            actor,
            roles,
            scopes,
            ..
        } = self.0;
        group_bytes(tenant, actor.as_deref(), [roles, scopes])
    }

    pub(super) fn to_owned(&self) -> Group {
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
