//! One record for each question. Never a token, a name or an e-mail address, and of the path only
//! what the route's policy names.

use crate::check_request::Question;
use crate::metrics::ALLOWED;
use crate::reply;
use crate::verdict::{Denied, Fault, Pass, Verdict};

/// The outcome and its reason code, for metrics.
pub(crate) fn record(
    question: &Question<'_>,
    verdict: &Result<Verdict, Fault>,
) -> (&'static str, &'static str) {
    let (policy, request_id, method) = (
        question.policy.unwrap_or("none"),
        question.request_id,
        question.method,
    );
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(fault) => {
            let reason = fault.reason();
            let keys = if let Fault::KeysUnavailable(keys) = fault {
                Some(&**keys)
            } else {
                None
            };
            let issuer = keys.map(|keys| &keys.issuer);
            let source = keys.and_then(|keys| keys.source.as_ref());
            tracing::error!(
                request_id,
                policy,
                method,
                outcome = "fault",
                reason,
                issuer,
                source,
                cause = %fault,
                "decision"
            );
            return ("fault", reason);
        }
    };
    match verdict {
        Verdict::Allow(Pass { rule, caller, .. }) => {
            let tenant = caller.as_ref().map(|caller| &*caller.shared.tenant);
            // Evaluated only if the record is written.
            let object_id = || caller.as_ref().map(|caller| caller.object_id());
            tracing::info!(
                request_id,
                policy,
                method,
                outcome = "allow",
                rule,
                tenant,
                object_id = object_id(),
                "decision"
            );
            ALLOWED
        }
        Verdict::Deny(Denied { who, refused }) => {
            let reason = reply::reason(refused);
            let who = who.as_ref();
            let (tenant, object_id) = (who.map(|who| &who.tenant), who.map(|who| &who.object_id));
            let rights = who.and_then(|who| who.rights.as_ref());
            let (kind, actor) = (
                rights.map(|rights| rights.kind.as_str()),
                rights.and_then(|rights| rights.actor.as_ref()),
            );
            let scopes = rights
                .map(|rights| &rights.scopes)
                .filter(|scopes| !scopes.is_empty());
            let roles = rights
                .map(|rights| &rights.roles)
                .filter(|roles| !roles.is_empty());
            tracing::info!(
                request_id,
                policy,
                method,
                outcome = "deny",
                reason,
                tenant,
                object_id,
                kind,
                actor,
                scopes,
                roles,
                "decision"
            );
            ("deny", reason)
        }
    }
}
