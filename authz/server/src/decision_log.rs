//! One record for each question. Never a token, a name or an e-mail address, and of the path only what the route's policy names.

use crate::check_request::Question;
use crate::metrics::ALLOWED;
use crate::reply;
use crate::verdict::{Denied, Fault, Pass, Verdict};

/// The outcome and its reason code, for metrics.
pub(crate) fn record(question: &Question<'_>, verdict: &Result<Verdict, Fault>) -> (&'static str, &'static str) {
    let (policy, request_id) = (question.policy.unwrap_or("none"), question.request_id);
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(fault) => {
            tracing::error!(request_id, policy, outcome = "fault", cause = %fault, "decision");
            return ("fault", "fault");
        }
    };
    match verdict {
        Verdict::Allow(Pass { rule, caller, .. }) => {
            let tenant = caller.as_ref().map(|caller| &*caller.shared.tenant);
            // Evaluated only if the record is written.
            let object_id = || caller.as_ref().map(|caller| caller.object_id());
            tracing::info!(request_id, policy, outcome = "allow", rule, tenant, object_id = object_id(), "decision");
            ALLOWED
        }
        Verdict::Deny(Denied { who, refused }) => {
            let reason = reply::reason(refused);
            let (tenant, object_id) = (who.as_ref().map(|who| &who.tenant), who.as_ref().map(|who| &who.object_id));
            tracing::info!(request_id, policy, outcome = "deny", reason, tenant, object_id, "decision");
            ("deny", reason)
        }
    }
}
