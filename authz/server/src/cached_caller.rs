//! A verified caller, encoded once: identity headers and the members of assertions.

use std::sync::{Arc, Mutex, OnceLock};

use percent_encoding::percent_decode;
use portcullis_assertion::own_members;
use portcullis_policy::Grant;
use portcullis_token::Verified;

use crate::allocation::allocated;
use crate::identity_headers;
use crate::rate_limit::LimitKey;
use crate::reply_part::ReplyPart;
use crate::shared_identity::{SharedIdentity, in_arc};

/// A verified caller under one policy, with the data that all requests with its token share.
///
/// There can be a million, so each field is as small as possible.
#[derive(Debug)]
pub(crate) struct CachedCaller {
    lifetime: Lifetime,
    /// The key epoch at verification. 32 bits are enough: keys do not change four billion times
    /// within a token's life.
    key_epoch: u32,
    /// The policy's rules that the caller meets.
    pub(crate) grant: Grant,
    pub(crate) limit_key: LimitKey,
    /// What many callers have in common.
    pub(crate) shared: Arc<SharedIdentity>,
    /// The identity headers that only this caller has.
    pub(crate) headers: ReplyPart,
    /// The longest assertion that fits into the reserved memory, in bytes. The memory is reserved
    /// when the caller enters the cache, because the cache weighs an entry only then.
    assertion_room: u32,
    /// The last unbound assertion. Boxed, because most callers never have one.
    pub(crate) assertion: OnceLock<Box<Mutex<Option<IssuedAssertion>>>>,
}

/// When the token is valid, in seconds since 1970, the clock skew included. 32 bits hold times
/// until 2106; a later time counts as that.
#[derive(Clone, Copy, Debug)]
struct Lifetime {
    begin: u32,
    end: u32,
}

/// An unbound assertion that was issued.
#[derive(Debug)]
pub(crate) struct IssuedAssertion {
    /// When it was issued, in seconds since 1970.
    pub(crate) issued_at: u64,
    /// The generation of [`Signers`](crate::signers::Signers) that signed it.
    pub(crate) generation: u64,
    pub(crate) assertion: Arc<str>,
}

/// Encoded bytes of an assertion's header, times and signature: all but the caller's members and
/// the upstream's name.
const ASSERTION_FRAME: usize = 384;

impl CachedCaller {
    /// `None` if a header would be too long to pass on.
    pub(crate) fn new(
        verified: &Verified,
        grant: Grant,
        limit_key: LimitKey,
        shared: Arc<SharedIdentity>,
    ) -> Option<Self> {
        let headers = identity_headers::own(&verified.caller)?;
        let seconds = |time: u64| u32::try_from(time).unwrap_or(u32::MAX);
        let lifetime = Lifetime {
            begin: seconds(verified.valid.start),
            end: seconds(verified.valid.end),
        };
        let key_epoch = low_half(verified.key_epoch);
        Some(Self {
            lifetime,
            key_epoch,
            grant,
            limit_key,
            shared,
            headers,
            assertion_room: 0,
            assertion: OnceLock::new(),
        })
    }

    /// Reserves memory for an unbound assertion to `audience`.
    pub(crate) fn with_room_for_assertion(mut self, audience: &str) -> Self {
        let own = self.members().map_or(0, |members| members.len());
        let members = audience.len() + own + self.shared.members.len();
        let encoded = members.div_ceil(3) * 4;
        self.assertion_room = u32::try_from(ASSERTION_FRAME + encoded).unwrap_or(0);
        self
    }

    /// Whether `assertion` fits into the reserved memory. If not, each request gets a new one.
    pub(crate) fn has_room_for(&self, assertion: &str) -> bool {
        assertion.len() <= usize::try_from(self.assertion_room).unwrap_or(0)
    }

    /// Whether the token is valid at `now` and was verified with the keys of `key_epoch`.
    pub(crate) fn counts(&self, now: u64, key_epoch: u64) -> bool {
        let Lifetime { begin, end } = self.lifetime;
        (u64::from(begin)..u64::from(end)).contains(&now) && self.key_epoch == low_half(key_epoch)
    }

    /// Bytes on the heap, without those of shared identities.
    pub(crate) fn bytes(&self) -> usize {
        let own = in_arc::<Self>() + allocated(self.headers.len());
        own + self.assertion_bytes() + self.shared.unshared_bytes()
    }

    fn assertion_bytes(&self) -> usize {
        match usize::try_from(self.assertion_room).unwrap_or(0) {
            0 => 0,
            room => {
                let counters = 2 * size_of::<usize>();
                allocated(size_of::<Mutex<IssuedAssertion>>()) + allocated(room + counters)
            }
        }
    }

    /// The caller's id within the tenant, for the decision log.
    pub(crate) fn object_id(&self) -> String {
        let own = self.own_values();
        own.and_then(|[object_id, ..]| object_id)
            .unwrap_or_default()
    }

    /// The members of assertions that only this caller has.
    ///
    /// They are decoded from the headers: beside a signature that costs nothing, and a million
    /// callers need not hold them twice.
    pub(crate) fn members(&self) -> Option<String> {
        let [object_id, name, email] = self.own_values()?;
        own_members(&object_id?, name.as_deref(), email.as_deref())
    }

    /// Object id, name and e-mail address.
    fn own_values(&self) -> Option<[Option<String>; 3]> {
        let headers = self.headers.headers()?;
        Some(identity_headers::OWN.map(|name| {
            let header = headers.iter().find(|header| header.key == name)?;
            let value = percent_decode(header.bytes()).decode_utf8_lossy();
            Some(value.into_owned())
        }))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the other half does not matter"
)]
fn low_half(epoch: u64) -> u32 {
    epoch as u32
}

#[cfg(test)]
mod tests;
