//! A verified caller, encoded once: what Envoy is told of them and what assertions say of them.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use portcullis_assertion::{own_members, shared_members};
use portcullis_policy::Grant;
use portcullis_token::{Caller, Verified};

use crate::identity_headers;
use crate::rate_limit::LimitKey;
use crate::reply_bytes::ReplyPart;

/// A caller of one policy, with all that is the same for each of their requests while the token lives.
#[derive(Debug)]
pub(crate) struct KnownCaller {
    /// When the token counts, in seconds since 1970, the skew included.
    pub(crate) valid: Range<u64>,
    /// The signing keys under which it was verified.
    pub(crate) key_epoch: u64,
    /// The policy's rules that the caller meets.
    pub(crate) grant: Grant,
    pub(crate) limit_key: LimitKey,
    /// What many callers have in common.
    pub(crate) shared: Arc<SharedIdentity>,
    /// The headers that are this caller's alone.
    pub(crate) headers: ReplyPart,
    /// The assertion's members that are this caller's alone.
    pub(crate) members: Box<str>,
    /// The last assertion that is good for any request, and when it was issued. Absent where each request has its own.
    pub(crate) assertion: Mutex<Option<(u64, Arc<str>)>>,
}

/// The tenant and what a caller may do there: the same for thousands of callers, so it is kept once.
#[derive(Debug)]
pub(crate) struct SharedIdentity {
    pub(crate) tenant: Box<str>,
    pub(crate) headers: ReplyPart,
    pub(crate) members: Box<str>,
}

impl KnownCaller {
    /// `None` if a header would be too long to pass on.
    pub(crate) fn new(
        verified: &Verified,
        grant: Grant,
        limit_key: LimitKey,
        share: impl FnOnce(String) -> Option<Arc<SharedIdentity>>,
    ) -> Option<Self> {
        let caller = &verified.caller;
        let shared = share(shared_members(caller)?)?;
        let headers = identity_headers::own(caller)?;
        let members = own_members(caller)?.into_boxed_str();
        let (valid, key_epoch) = (verified.valid.clone(), verified.key_epoch);
        Some(Self { valid, key_epoch, grant, limit_key, shared, headers, members, assertion: Mutex::default() })
    }

    /// How much memory it takes, without what it shares with others and what the allocator adds.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.headers.len() + self.members.len()
    }

    /// The caller's id within the tenant, for logs. As JSON has it: ids with quotes or control characters show their escapes.
    pub(crate) fn object_id(&self) -> &str {
        self.members.strip_prefix("\"oid\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default()
    }
}

impl SharedIdentity {
    pub(crate) fn new(caller: &Caller, members: String) -> Option<Self> {
        let headers = identity_headers::shared(caller)?;
        Some(Self { tenant: caller.tenant.as_str().into(), headers, members: members.into_boxed_str() })
    }
}
