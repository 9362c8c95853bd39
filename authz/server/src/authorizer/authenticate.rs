//! Who calls, and whether a rule of the policy allows it.

use std::sync::Arc;

use portcullis_policy::{AccessRequest, Binding, Decision, Grant, PolicyDenied, RoutePolicy};
use portcullis_token::{
    Authorization, KeyStatus, MAX_TOKEN_LENGTH, Verified, Verifier, bearer_token,
};

use super::{Allowed, Authorizer, Stop, deny};
use crate::cached_caller::CachedCaller;
use crate::check_decision::{CallerRecord, DenyReason, Fault, MissingKeys};
use crate::check_request::Attributes;
use crate::rate_limit::Subject;
use crate::routes::{Route, Routes};

/// Longest `Authorization` line that is hashed. A longer one is denied, so its hash is useless.
const LONGEST_LINE: usize = "Bearer ".len() + MAX_TOKEN_LENGTH;

impl Authorizer {
    /// The caller whom the token proves: cached, or verified now.
    pub(super) async fn authenticated(
        &self,
        routes: &Routes,
        route: &Route,
        verifier: &Verifier,
        line: Authorization<'_>,
        attributes: &Attributes<'_>,
        now: u64,
    ) -> Result<Allowed, Stop> {
        let policy = &route.policy;
        let key = match line {
            Authorization::One(line) if line.len() <= LONGEST_LINE => {
                routes.cache.key(route.number, line)
            }
            _ => None,
        };
        if let Some(caller) = key.and_then(|key| routes.cache.get(key, now, verifier.key_epoch()))
            && let Some(rule) = policy.rule_for(caller.grant, attributes.method)
        {
            return Ok(Allowed {
                caller: Some(caller),
                rule,
            });
        }
        let proved = verify(policy, verifier, line, now).await?;
        let (caller, rule) = self.allowed(routes, policy, &proved, attributes.method)?;
        if let Some(key) = key {
            routes.cache.insert(key, Arc::clone(&caller));
        }
        Ok(Allowed {
            caller: Some(caller),
            rule,
        })
    }

    /// The caller, and the rule that allows the method.
    fn allowed(
        &self,
        routes: &Routes,
        policy: &RoutePolicy,
        proved: &Verified,
        method: &str,
    ) -> Result<(Arc<CachedCaller>, usize), Stop> {
        let request = AccessRequest {
            caller: Some(proved),
            method,
        };
        let record = || Some((&proved.caller).into());
        match policy.decide(&request) {
            Decision::Allow { rule, grant } => {
                let caller = self.cached(routes, policy, proved, grant);
                let caller = caller.ok_or_else(|| deny(record(), DenyReason::ClaimsTooLarge))?;
                Ok((caller, rule))
            }
            Decision::Deny(denial) => Err(denied(policy, record(), denial)),
        }
    }

    /// The caller as the cache keeps it; `None` if a header would be too long to pass on.
    pub(super) fn cached(
        &self,
        routes: &Routes,
        policy: &RoutePolicy,
        verified: &Verified,
        grant: Grant,
    ) -> Option<Arc<CachedCaller>> {
        let subject = Subject::Caller {
            tenant: &verified.caller.tenant,
            object_id: &verified.caller.object_id,
        };
        let limit_key = self.limiter.key(&policy.name, subject);
        let shared = routes.cache.shared.of(&verified.caller)?;
        let caller = CachedCaller::new(verified, grant, limit_key, shared)?;
        Some(Arc::new(match policy.upstream.bind {
            Binding::Identity => caller.with_room_for_assertion(&policy.upstream.name),
            Binding::Request | Binding::None => caller,
        }))
    }
}

/// Whether the policy allows the request without a caller.
pub(super) fn anonymous(
    policy: &RoutePolicy,
    attributes: &Attributes<'_>,
) -> Result<Allowed, Stop> {
    match policy.decide(&AccessRequest {
        caller: None,
        method: attributes.method,
    }) {
        Decision::Allow { rule, .. } => Ok(Allowed { caller: None, rule }),
        Decision::Deny(denial) => match bearer_token(Authorization::Absent) {
            Err(missing) if policy.tokens.is_some() => Err(deny(None, DenyReason::Token(missing))),
            _ => Err(denied(policy, None, denial)),
        },
    }
}

async fn verify(
    policy: &RoutePolicy,
    verifier: &Verifier,
    line: Authorization<'_>,
    now: u64,
) -> Result<Verified, Stop> {
    let Some(tokens) = &policy.tokens else {
        return Err(deny(None, DenyReason::NoPolicy));
    };
    let decision = match bearer_token(line) {
        Ok(token) => verifier.verify(token, &tokens.audiences, now).await,
        Err(denial) => Err(denial),
    };
    decision.map_err(|denial| {
        if denial.is_fault() {
            Stop::Fault(Fault::KeysUnavailable(Box::new(missing_keys(
                &tokens.issuer,
                verifier,
                line,
            ))))
        } else {
            deny(None, DenyReason::Token(denial))
        }
    })
}

fn missing_keys(issuer: &str, verifier: &Verifier, line: Authorization<'_>) -> MissingKeys {
    let status = bearer_token(line)
        .ok()
        .and_then(|token| verifier.key_source_of(token));
    let cause = status
        .as_ref()
        .map_or_else(String::new, KeyStatus::why_not_ready);
    MissingKeys {
        issuer: issuer.to_owned(),
        source: status.map(|status| status.source),
        cause,
    }
}

fn denied(policy: &RoutePolicy, caller: Option<CallerRecord>, denial: PolicyDenied) -> Stop {
    deny(
        caller,
        DenyReason::Policy {
            denial,
            on_denied: policy.on_denied,
        },
    )
}
