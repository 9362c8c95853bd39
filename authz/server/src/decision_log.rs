//! One log record for each decision.
//!
//! It never has a token, a name or an e-mail address. It has the path, without the query, only if a
//! route's `removed_prefix` does not match.

use crate::check_decision::{Admitted, CheckDecision, Denied, Fault};
use crate::check_request::Attributes;
use crate::metrics::ALLOWED;
use crate::reply;

/// Logs the decision, and returns its outcome and reason code for metrics.
pub(crate) fn record(
    attributes: &Attributes<'_>,
    decision: &Result<CheckDecision, Fault>,
) -> (&'static str, &'static str) {
    let policy = attributes.policy.unwrap_or("none");
    let request_id = attributes.request_id;
    let method = attributes.method;
    let decision = match decision {
        Ok(decision) => decision,
        Err(fault) => {
            let reason = fault.reason_code().as_str();
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
    match decision {
        CheckDecision::Allow(Admitted { rule, caller, .. }) => {
            let tenant = caller.as_ref().map(|caller| &*caller.shared.tenant);
            // `tracing` evaluates it only if the record is written.
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
        CheckDecision::Deny(Denied { caller, reason }) => {
            let reason = reply::reason_code(reason).as_str();
            let caller = caller.as_ref();
            let tenant = caller.map(|caller| &caller.tenant);
            let object_id = caller.map(|caller| &caller.object_id);
            let rights = caller.and_then(|caller| caller.rights.as_ref());
            let kind = rights.map(|rights| rights.kind.as_str());
            let actor = rights.and_then(|rights| rights.actor.as_ref());
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
