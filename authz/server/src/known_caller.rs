//! A verified caller, encoded once: what Envoy is told of them, and what assertions say of them.

use std::sync::{Arc, Mutex, OnceLock};

use percent_encoding::percent_decode;
use portcullis_assertion::own_members;
use portcullis_policy::Grant;
use portcullis_token::Verified;

use crate::identity_headers;
use crate::rate_limit::LimitKey;
use crate::reply_bytes::ReplyPart;
use crate::shared_identity::SharedIdentity;

/// A caller of one policy, with all that is the same for each of their requests while the token lives. There can be a million, so each
/// field is as small as it can be.
#[derive(Debug)]
pub(crate) struct KnownCaller {
    lifetime: Lifetime,
    /// The signing keys under which it was verified. 32 bits of it: nobody's keys change four billion times within a token's life.
    key_epoch: u32,
    /// The policy's rules that the caller meets.
    pub(crate) grant: Grant,
    pub(crate) limit_key: LimitKey,
    /// What many callers have in common.
    pub(crate) shared: Arc<SharedIdentity>,
    /// The headers that are this caller's alone.
    pub(crate) headers: ReplyPart,
    /// The last assertion that is good for any request. Boxed, since most callers never have one.
    pub(crate) assertion: OnceLock<Box<Mutex<IssuedAssertion>>>,
}

/// When the token counts, in seconds since 1970, the skew included. 32 bits hold times until 2106; later ones count as that.
#[derive(Clone, Copy, Debug)]
struct Lifetime {
    begin: u32,
    end: u32,
}

/// An assertion that is good for any request, and when it was issued.
pub(crate) type IssuedAssertion = Option<(u64, Arc<str>)>;

impl KnownCaller {
    /// `None` if a header would be too long to pass on.
    pub(crate) fn new(
        verified: &Verified,
        grant: Grant,
        limit_key: LimitKey,
        shared: Arc<SharedIdentity>,
    ) -> Option<Self> {
        let headers = identity_headers::own(&verified.caller)?;
        let seconds = |time: u64| u32::try_from(time).unwrap_or(u32::MAX);
        let lifetime = Lifetime { begin: seconds(verified.valid.start), end: seconds(verified.valid.end) };
        let key_epoch = low_half(verified.key_epoch);
        Some(Self { lifetime, key_epoch, grant, limit_key, shared, headers, assertion: OnceLock::new() })
    }

    /// Whether the token counts at `now`, and was verified with the keys of `key_epoch`.
    pub(crate) fn counts(&self, now: u64, key_epoch: u64) -> bool {
        let Lifetime { begin, end } = self.lifetime;
        (u64::from(begin)..u64::from(end)).contains(&now) && self.key_epoch == low_half(key_epoch)
    }

    /// How much memory it takes, without what it shares with others and what the allocator adds.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.headers.len()
    }

    /// The caller's id within the tenant, for the record.
    pub(crate) fn object_id(&self) -> String {
        self.own_values().0
    }

    /// The members of assertions that are this caller's alone. They are taken from the headers: next to a signature that costs nothing,
    /// and a million callers need not have them twice.
    pub(crate) fn members(&self) -> Option<String> {
        let (object_id, name, email) = self.own_values();
        own_members(&object_id, name.as_deref(), email.as_deref())
    }

    fn own_values(&self) -> (String, Option<String>, Option<String>) {
        let value = |name| self.headers.value(name).map(|value| percent_decode(value).decode_utf8_lossy().into_owned());
        let [object_id, name, email] = identity_headers::OWN;
        (value(object_id).unwrap_or_default(), value(name), value(email))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the other half does not matter")]
fn low_half(epoch: u64) -> u32 {
    epoch as u32
}
