//! One question, answered: verify the token, decide by the route's policy, limit the rate, sign
//! what the service may believe.

use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use portcullis_assertion::{BoundRequest, LIFETIME, Signer, Statement};
use portcullis_policy::{Asked, Binding, Decision, Denial, Grant, RoutePolicy};
use portcullis_token::{
    Authorization, KeyStatus, MAX_TOKEN_LENGTH, Verified, Verifier, bearer_token,
};

use crate::check_request::Question;
use crate::known_caller::{IssuedAssertion, KnownCaller};
use crate::limits;
use crate::mac_keys::UpstreamMacKeys;
use crate::rate_limit::{Admission, ClientAddress, Held, RateLimiter, StoreDown, Subject};
use crate::routes::{Route, Routes};
use crate::signers::Signers;
use crate::verdict::{Denied, Fault, MissingKeys, Pass, Quota, Refused, Verdict, Who};

/// Longer lines are refused, so that hashing them would be wasted.
const LONGEST_LINE: usize = "Bearer ".len() + MAX_TOKEN_LENGTH;

/// Everything that an answer depends on.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Swapped whole; a question takes one snapshot and sees no mixture.
    routes: ArcSwap<Routes>,
    limiter: RateLimiter,
    /// Swapped whole too, for each change of a key.
    signers: ArcSwap<Signers>,
}

/// Somebody, or nobody that is known, whom a rule lets in.
struct Admitted {
    caller: Option<Arc<KnownCaller>>,
    rule: usize,
}

/// Why there is no verdict to go on with.
enum Stop {
    Deny(Box<Denied>),
    Fault(Fault),
}

impl Gate {
    pub(crate) fn new(routes: Routes, signers: Signers, limiter: RateLimiter) -> Self {
        Self {
            routes: ArcSwap::from_pointee(routes),
            limiter,
            signers: ArcSwap::from_pointee(signers),
        }
    }

    /// The routes in force.
    pub(crate) fn routes(&self) -> Arc<Routes> {
        self.routes.load_full()
    }

    /// Puts other routes in force. Rate limits go on counting.
    pub(crate) fn replace_routes(&self, routes: Routes) {
        self.routes.store(Arc::new(routes));
    }

    /// The store that counts requests for all replicas, if there is one, and whether it answers.
    pub(crate) fn rate_limit_store(&self) -> Option<(&str, bool)> {
        self.limiter.store_is_up()
    }

    /// The keys that assertions are signed with.
    pub(crate) fn signers(&self) -> Arc<Signers> {
        self.signers.load_full()
    }

    /// How full the tables of rate limits are.
    pub(crate) fn rate_limits_held(&self) -> [(&'static str, Held); 2] {
        self.limiter.held()
    }

    /// Puts other public keys in force.
    pub(crate) fn replace_signer(&self, signer: Signer) {
        let signer = Arc::new(signer);
        self.signers
            .rcu(|signers| signers.with_public(Arc::clone(&signer)));
    }

    /// Puts other MAC keys in force.
    pub(crate) fn replace_mac_keys(&self, keys: UpstreamMacKeys) {
        let keys = Arc::new(keys);
        self.signers
            .rcu(|signers| signers.with_mac(Arc::clone(&keys)));
    }

    /// Answers `question`, whose route is `route` of `routes`, at `now`, in seconds since 1970.
    pub(crate) async fn check(
        &self,
        routes: &Routes,
        route: Option<&Route>,
        question: &Question<'_>,
        now: u64,
    ) -> Result<Verdict, Fault> {
        let verdict = match (limits::exceeded(question), route) {
            (Some(refused), _) => Err(deny(None, refused)),
            (None, Some(route)) => self.judge(routes, route, question, now).await,
            (None, None) if question.policy.is_some() => Err(deny(None, Refused::UnknownPolicy)),
            (None, None) => Err(deny(None, Refused::NoPolicy)),
        };
        match verdict {
            Ok(pass) => Ok(Verdict::Allow(pass)),
            Err(Stop::Deny(denied)) => Ok(Verdict::Deny(*denied)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    async fn judge(
        &self,
        routes: &Routes,
        route: &Route,
        question: &Question<'_>,
        now: u64,
    ) -> Result<Pass, Stop> {
        let policy = &route.policy;
        let Admitted { caller, rule } = match (&route.verifier, question.authorization) {
            (None, _) => nobody(policy, question)?,
            (Some(_), Authorization::Absent) if policy.is_for_anyone() => nobody(policy, question)?,
            (Some(verifier), line) => {
                self.somebody(routes, route, verifier, line, question, now)
                    .await?
            }
        };
        let quota = self.limit(policy, caller.as_deref(), question).await?;
        let assertion = match caller.as_deref() {
            Some(caller) => {
                let assertion = self.assertion(policy, caller, question, now)?;
                if !fits(caller, assertion.as_deref()) {
                    return Err(deny(Some(caller.into()), Refused::ClaimsTooLarge));
                }
                assertion
            }
            None => None,
        };
        Ok(Pass {
            rule,
            caller,
            assertion,
            forward_token: policy.upstream.forward_token,
            quota,
        })
    }

    /// The caller that the token proves: remembered, or verified now.
    async fn somebody(
        &self,
        routes: &Routes,
        route: &Route,
        verifier: &Verifier,
        line: Authorization<'_>,
        question: &Question<'_>,
        now: u64,
    ) -> Result<Admitted, Stop> {
        let policy = &route.policy;
        let key = match line {
            Authorization::One(line) if line.len() <= LONGEST_LINE => {
                routes.cache.key(route.number, line)
            }
            _ => None,
        };
        if let Some(caller) = key.and_then(|key| routes.cache.get(key, now, verifier.key_epoch()))
            && let Some(rule) = policy.rule_for(caller.grant, question.method)
        {
            return Ok(Admitted {
                caller: Some(caller),
                rule,
            });
        }
        let proved = verify(policy, verifier, line, now).await?;
        let asked = Asked {
            caller: Some(&proved),
            method: question.method,
        };
        let granted = policy.grant(asked.caller).and_then(|grant| {
            match policy.rule_for(grant, question.method) {
                Some(rule) => Ok((grant, rule)),
                None => Err(policy.nearest_miss(&asked)),
            }
        });
        let (grant, rule) =
            granted.map_err(|denial| denied(policy, Some((&proved.caller).into()), denial))?;
        let Some(caller) = self.known(routes, policy, &proved, grant) else {
            return Err(deny(Some((&proved.caller).into()), Refused::ClaimsTooLarge));
        };
        if let Some(key) = key {
            routes.cache.insert(key, Arc::clone(&caller));
        }
        Ok(Admitted {
            caller: Some(caller),
            rule,
        })
    }

    fn known(
        &self,
        routes: &Routes,
        policy: &RoutePolicy,
        verified: &Verified,
        grant: Grant,
    ) -> Option<Arc<KnownCaller>> {
        let subject = Subject::Caller {
            tenant: &verified.caller.tenant,
            object_id: &verified.caller.object_id,
        };
        let limit_key = self.limiter.key(&policy.name, subject);
        let shared = routes.cache.shared.of(&verified.caller)?;
        let caller = KnownCaller::new(verified, grant, limit_key, shared)?;
        Some(Arc::new(match policy.upstream.bind {
            Binding::Identity => caller.with_room_for_assertion(&policy.upstream.name),
            Binding::Request | Binding::None => caller,
        }))
    }

    async fn limit(
        &self,
        policy: &RoutePolicy,
        caller: Option<&KnownCaller>,
        question: &Question<'_>,
    ) -> Result<Option<Quota>, Stop> {
        let Some(limit) = policy.rate_limit else {
            return Ok(None);
        };
        let admission = if let Some(caller) = caller {
            self.limiter.admit_caller(caller.limit_key, limit).await
        } else {
            let client = ClientAddress::read(question.client);
            self.limiter
                .admit_address(&policy.name, client, limit)
                .await
        };
        let quota = |remaining, reset| Quota {
            limit,
            remaining,
            reset,
        };
        match admission {
            Err(StoreDown) => Err(Stop::Fault(Fault::LimitsUnavailable)),
            Ok(Admission::Admitted { remaining, reset }) => Ok(Some(quota(remaining, reset))),
            Ok(Admission::Refused { retry_after }) => Err(deny(
                caller.map(Who::from),
                Refused::RateLimited {
                    quota: quota(0, retry_after),
                    retry_after,
                },
            )),
            Ok(Admission::Full { retry_after }) => Err(deny(
                caller.map(Who::from),
                Refused::LimiterFull { retry_after },
            )),
        }
    }

    fn assertion(
        &self,
        policy: &RoutePolicy,
        caller: &KnownCaller,
        question: &Question<'_>,
        now: u64,
    ) -> Result<Option<Arc<str>>, Stop> {
        match policy.upstream.bind {
            Binding::Request => self.sign_request(policy, caller, question, now).map(Some),
            Binding::Identity => self.sign_identity(policy, caller, now).map(Some),
            Binding::None => Ok(None),
        }
    }

    fn sign_request(
        &self,
        policy: &RoutePolicy,
        caller: &KnownCaller,
        question: &Question<'_>,
        now: u64,
    ) -> Result<Arc<str>, Stop> {
        let mismatch = || Fault::RouteMismatch {
            path: question
                .path
                .split('?')
                .next()
                .unwrap_or_default()
                .to_owned(),
            prefix: question.removed_prefix.to_owned(),
        };
        let path = question
            .upstream_path()
            .ok_or_else(|| Stop::Fault(mismatch()))?;
        let request = Some(BoundRequest {
            id: question.request_id,
            method: question.method,
            path,
        });
        let statement = Statement {
            audience: &policy.upstream.name,
            request,
            issued_at: now,
        };
        sign(&self.signers.load(), &statement, caller)
    }

    /// The caller's last assertion while it has half its life before it and its key is in force, or
    /// a new one.
    fn sign_identity(
        &self,
        policy: &RoutePolicy,
        caller: &KnownCaller,
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
    caller: &KnownCaller,
) -> Result<Arc<str>, Stop> {
    let own = caller.members().ok_or(Stop::Fault(Fault::NotSigned))?;
    let signed = signers.sign(statement, [&own, &caller.shared.members]);
    signed.map(Arc::from).ok_or(Stop::Fault(Fault::NotSigned))
}

/// Whether what is added to the request fits into the reserve of Envoy's limits, and whether
/// services read the assertion: they refuse a longer one, as they refuse a longer token.
fn fits(caller: &KnownCaller, assertion: Option<&str>) -> bool {
    let assertion = assertion.map_or(0, str::len);
    let headers = caller.headers.len() + caller.shared.headers.len();
    assertion <= MAX_TOKEN_LENGTH && headers + assertion <= limits::MOST_ADDED
}

fn nobody(policy: &RoutePolicy, question: &Question<'_>) -> Result<Admitted, Stop> {
    match policy.decide(&Asked {
        caller: None,
        method: question.method,
    }) {
        Decision::Allow { rule } => Ok(Admitted { caller: None, rule }),
        Decision::Deny(denial) => match bearer_token(Authorization::Absent) {
            Err(missing) if policy.tokens.is_some() => Err(deny(None, Refused::Token(missing))),
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
        return Err(deny(None, Refused::NoPolicy));
    };
    let verdict = match bearer_token(line) {
        Ok(token) => verifier.verify(token, &tokens.audiences, now).await,
        Err(refusal) => Err(refusal),
    };
    verdict.map_err(|refusal| {
        if refusal.is_fault() {
            Stop::Fault(Fault::KeysUnavailable(Box::new(missing_keys(
                &tokens.issuer,
                verifier,
                line,
            ))))
        } else {
            deny(None, Refused::Token(refusal))
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

fn denied(policy: &RoutePolicy, who: Option<Who>, denial: Denial) -> Stop {
    deny(
        who,
        Refused::Policy {
            denial,
            on_denied: policy.on_denied,
        },
    )
}

fn deny(who: Option<Who>, refused: Refused) -> Stop {
    Stop::Deny(Box::new(Denied { who, refused }))
}

#[cfg(test)]
mod tests;
