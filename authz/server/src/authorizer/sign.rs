//! Signs assertions for upstreams.

use std::sync::{Arc, PoisonError};

use portcullis_assertion::{BoundRequest, LIFETIME, Statement};
use portcullis_policy::{Binding, RoutePolicy};
use portcullis_token::MAX_TOKEN_LENGTH;

use super::{Authorizer, Stop};
use crate::cached_caller::{CachedCaller, IssuedAssertion};
use crate::check_decision::Fault;
use crate::check_request::Attributes;
use crate::limits;
use crate::signers::Signers;

impl Authorizer {
    /// The assertion that the policy asks for, if it does.
    pub(super) fn assertion(
        &self,
        policy: &RoutePolicy,
        caller: &CachedCaller,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<Option<Arc<str>>, Stop> {
        match policy.upstream.bind {
            Binding::Request => self.sign_request(policy, caller, attributes, now).map(Some),
            Binding::Identity => self.sign_identity(policy, caller, now).map(Some),
            Binding::None => Ok(None),
        }
    }

    fn sign_request(
        &self,
        policy: &RoutePolicy,
        caller: &CachedCaller,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<Arc<str>, Stop> {
        let mismatch = || Fault::RouteMismatch {
            path: attributes
                .path
                .split('?')
                .next()
                .unwrap_or_default()
                .to_owned(),
            prefix: attributes.removed_prefix.to_owned(),
        };
        let path = attributes
            .upstream_path()
            .ok_or_else(|| Stop::Fault(mismatch()))?;
        let request = Some(BoundRequest {
            id: attributes.request_id,
            method: attributes.method,
            path,
        });
        let statement = Statement {
            audience: &policy.upstream.name,
            request,
            issued_at: now,
        };
        sign(&self.signers.load(), &statement, caller)
    }

    /// The caller's unbound assertion: the last one, or a new one.
    ///
    /// The last one is used in the first half of its life, while its key is in force.
    pub(super) fn sign_identity(
        &self,
        policy: &RoutePolicy,
        caller: &CachedCaller,
        now: u64,
    ) -> Result<Arc<str>, Stop> {
        let mut last = caller
            .assertion
            .get_or_init(Box::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let signers = self.signers.load();
        if let Some(IssuedAssertion {
            issued_at,
            generation,
            assertion,
        }) = &*last
            && (*issued_at..issued_at + LIFETIME.as_secs() / 2).contains(&now)
            && *generation == signers.generation
        {
            return Ok(Arc::clone(assertion));
        }
        let statement = Statement {
            audience: &policy.upstream.name,
            request: None,
            issued_at: now,
        };
        let assertion = sign(&signers, &statement, caller)?;
        *last = caller.has_room_for(&assertion).then(|| IssuedAssertion {
            issued_at: now,
            generation: signers.generation,
            assertion: Arc::clone(&assertion),
        });
        Ok(assertion)
    }
}

fn sign(
    signers: &Signers,
    statement: &Statement<'_>,
    caller: &CachedCaller,
) -> Result<Arc<str>, Stop> {
    let own = caller.members().ok_or(Stop::Fault(Fault::NotSigned))?;
    let signed = signers.sign(statement, [&own, &caller.shared.members]);
    signed.map(Arc::from).ok_or(Stop::Fault(Fault::NotSigned))
}

/// Whether identity headers and assertion fit into the reserve of Envoy's limits.
///
/// The assertion must also fit into what services read: they deny a longer one, as they deny a
/// longer token.
pub(super) fn fits(caller: &CachedCaller, assertion: Option<&str>) -> bool {
    let assertion = assertion.map_or(0, str::len);
    let headers = caller.headers.len() + caller.shared.headers.len();
    assertion <= MAX_TOKEN_LENGTH && headers + assertion <= limits::MOST_ADDED
}
