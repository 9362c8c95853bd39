//! What many callers have in common, encoded and kept once.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use portcullis_assertion::shared_members;
use portcullis_token::{Caller, CallerKind};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use crate::identity_headers;
use crate::reply_bytes::ReplyPart;

/// Combinations of tenant, client, roles and scopes that are kept once. Others are kept with each caller, which only costs memory.
const MOST: usize = 4096;

/// The tenant and what a caller may do there: the same for thousands of callers, so it is kept once.
#[derive(Debug)]
pub(crate) struct SharedIdentity {
    pub(crate) tenant: Box<str>,
    pub(crate) headers: ReplyPart,
    pub(crate) members: Box<str>,
}

impl SharedIdentity {
    /// `None` if a header would be too long to pass on.
    pub(crate) fn new(caller: &Caller) -> Option<Self> {
        let (headers, members) = (identity_headers::shared(caller)?, shared_members(caller)?);
        Some(Self { tenant: caller.tenant.as_str().into(), headers, members: members.into_boxed_str() })
    }
}

/// Shared identities, by all that is in them.
#[derive(Debug)]
pub(crate) struct SharedIdentities(Cache<Group, Arc<SharedIdentity>>);

impl Default for SharedIdentities {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl SharedIdentities {
    /// What `caller` has in common with others; `None` if a header would be too long to pass on.
    pub(crate) fn of(&self, caller: &Caller) -> Option<Arc<SharedIdentity>> {
        if let Some(shared) = self.0.get(&GroupOf(caller)) {
            return Some(shared);
        }
        let shared = Arc::new(SharedIdentity::new(caller)?);
        self.0.insert(GroupOf(caller).to_owned(), Arc::clone(&shared));
        Some(shared)
    }
}

/// Everything of a caller that a [`SharedIdentity`] is made of.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Group {
    tenant: String,
    kind: CallerKind,
    actor: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
}

/// The [`Group`] of a caller, without copies. Their encoded members would do as a key too, but encoding takes 3,000 instructions each time.
struct GroupOf<'a>(&'a Caller);

impl GroupOf<'_> {
    fn to_owned(&self) -> Group {
        let Caller { tenant, kind, actor, roles, scopes, .. } = self.0.clone();
        Group { tenant, kind, actor, roles, scopes }
    }
}

impl Hash for GroupOf<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Caller { tenant, kind, actor, roles, scopes, .. } = self.0;
        (tenant, kind, actor, roles, scopes).hash(state);
    }
}

impl Equivalent<Group> for GroupOf<'_> {
    fn equivalent(&self, Group { tenant, kind, actor, roles, scopes }: &Group) -> bool {
        let Self(caller) = self;
        (tenant, kind, actor, roles, scopes)
            == (&caller.tenant, &caller.kind, &caller.actor, &caller.roles, &caller.scopes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portcullis_token::{Caller, CallerKind};

    use super::{SharedIdentities, SharedIdentity};

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
    fn callers_who_differ_in_themselves_alone_share_one() {
        let all = SharedIdentities::default();
        let first = all.of(&caller()).unwrap();
        let other =
            Caller { object_id: "p".to_owned(), name: Some("n".to_owned()), email: Some("e".to_owned()), ..caller() };
        assert!(Arc::ptr_eq(&first, &all.of(&caller()).unwrap()) && Arc::ptr_eq(&first, &all.of(&other).unwrap()));
    }

    #[test]
    fn nobody_is_given_what_is_anothers() {
        let all = SharedIdentities::default();
        let text = |text: &str| text.to_owned();
        for other in [
            caller(),
            Caller { tenant: text("u"), ..caller() },
            Caller { kind: CallerKind::Application, ..caller() },
            Caller { actor: Some(text("d")), ..caller() },
            Caller { actor: None, ..caller() },
            Caller { roles: vec![text("Reader")], ..caller() },
            Caller { roles: vec![text("Editor"), text("Reader")], ..caller() },
            Caller { roles: vec![text("Reader"), text("Editor"), text("read")], scopes: vec![], ..caller() },
            Caller { roles: vec![text("ReaderEditor")], ..caller() },
            Caller { scopes: vec![text("read"), text("write")], ..caller() },
            Caller { scopes: vec![], ..caller() },
        ] {
            let (found, expected) = (all.of(&other).unwrap(), SharedIdentity::new(&other).unwrap());
            assert_eq!((&found.tenant, &found.headers), (&expected.tenant, &expected.headers), "{other:?}");
            assert_eq!(found.members, expected.members, "{other:?}");
        }
    }
}
