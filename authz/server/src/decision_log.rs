//! One record for each question. Never a token, a name or an e-mail address, and of the path only what the route's policy names.

use crate::check_request::Question;
use crate::gate::{Fault, Outcome, Verdict};
use crate::reply;

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
    let caller = verdict.caller.as_ref();
    let (tenant, object_id) =
        (caller.map(|caller| caller.tenant.as_str()), caller.map(|caller| caller.object_id.as_str()));
    match &verdict.outcome {
        Outcome::Allow(pass) => {
            tracing::info!(request_id, policy, outcome = "allow", rule = pass.rule, tenant, object_id, "decision");
            ("allow", "allowed")
        }
        Outcome::Deny(refused) => {
            let reason = reply::reason(refused);
            tracing::info!(request_id, policy, outcome = "deny", reason, tenant, object_id, "decision");
            ("deny", reason)
        }
    }
}
