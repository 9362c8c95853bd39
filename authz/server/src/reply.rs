//! Encodes decisions as Envoy's `CheckResponse`.

mod denial;

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use portcullis_assertion::HEADER as ASSERTION;
use prost::Message;
use tonic::Code;

pub(crate) use self::denial::reason_code;
use crate::check_decision::{Admitted, CheckDecision, Denied, Quota};
use crate::ext_authz::{CheckResponse, HeaderValueOption, HttpResponse, OkHttpResponse, Status};
use crate::identity_headers;
use crate::limits::REQUEST_SIZE;
use crate::reply_part::ReplyPart;

/// The encoded `CheckResponse` for the request `request_id` under `policy`.
pub(crate) fn of(decision: &CheckDecision, policy: &str, request_id: &str) -> Bytes {
    let response = match decision {
        CheckDecision::Allow(admitted) => CheckResponse {
            status: Some(status(Code::Ok)),
            http_response: Some(HttpResponse::OkResponse(allowed(admitted, policy))),
            dynamic_metadata: None,
        },
        CheckDecision::Deny(Denied { reason, .. }) => CheckResponse {
            status: Some(status(Code::PermissionDenied)),
            http_response: Some(HttpResponse::DeniedResponse(denial::response(
                reason, policy, request_id,
            ))),
            dynamic_metadata: Some(denial::metadata(reason)),
        },
    };
    response.encode_to_vec().into()
}

fn status(code: Code) -> Status {
    Status { code: code.into() }
}

/// The encoded `OkHttpResponse`: the caller's parts, and what differs with each request.
fn allowed(admitted: &Admitted, policy: &str) -> Bytes {
    static ANONYMOUS: LazyLock<ReplyPart> = LazyLock::new(identity_headers::anonymous);
    let rest = ReplyPart::of(&of_request(admitted, policy));
    match admitted.caller.as_deref() {
        Some(caller) => ReplyPart::join(&[&caller.headers, &caller.shared.headers, &rest]),
        None => ReplyPart::join(&[&ANONYMOUS, &rest]),
    }
}

fn of_request(admitted: &Admitted, policy: &str) -> OkHttpResponse {
    let no_assertion = admitted.assertion.is_none().then_some(ASSERTION);
    let token = (!admitted.forward_token).then_some("authorization");
    let removed = [no_assertion, token, Some(REQUEST_SIZE)];
    let assertion = admitted.assertion.iter();
    let assertion = assertion.map(|assertion| {
        HeaderValueOption::overwrite(ASSERTION, Bytes::copy_from_slice(assertion.as_bytes()))
    });
    let quota = admitted.quota.iter();
    OkHttpResponse {
        headers: assertion.collect(),
        headers_to_remove: removed.into_iter().flatten().map(Bytes::from).collect(),
        response_headers_to_add: quota
            .flat_map(|quota| quota_headers(quota, policy))
            .collect(),
    }
}

/// The fields of "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10).
fn quota_headers(quota: &Quota, policy: &str) -> [HeaderValueOption; 2] {
    let Quota {
        limit,
        remaining,
        reset,
    } = quota;
    [
        HeaderValueOption::overwrite(
            "ratelimit-policy",
            format!(
                "\"{policy}\";q={};w={}",
                limit.requests,
                limit.per.as_secs()
            ),
        ),
        HeaderValueOption::overwrite(
            "ratelimit",
            format!("\"{policy}\";r={remaining};t={}", seconds(*reset)),
        ),
    ]
}

/// Whole seconds, rounded up: a client that retries too early would be denied again.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
