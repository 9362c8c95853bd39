//! Encodes decisions as Envoy's `CheckResponse`.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use envoy_types::ext_authz::v3::pb::{
    CheckResponse, DeniedHttpResponse, HeaderAppendAction, HeaderValue, HeaderValueOption,
    HttpResponse, HttpStatus,
};
use envoy_types::pb::google::protobuf::value::Kind;
use envoy_types::pb::google::protobuf::{BoolValue, Struct, Value};
use envoy_types::pb::google::rpc;
use http::StatusCode;
use portcullis_assertion::HEADER as ASSERTION;
use portcullis_policy::{DenialReason, OnDenied, PolicyDenied};
use portcullis_reason_codes::{
    CLAIMS_TOO_LARGE, HEADERS_TOO_LARGE, POLICY_UNKNOWN, RATE_LIMITED, RATE_LIMITER_FULL,
    ROUTE_WITHOUT_POLICY, ReasonCode, URI_TOO_LONG,
};
use portcullis_runtime::{PROBLEM_JSON, Problem};
use prost::Message;
use tonic::Code;

use crate::check_decision::{Admitted, CheckDecision, Denied, DenyReason, Quota};
use crate::identity_headers;
use crate::limits::{LONGEST_PATH, MOST_BYTES, MOST_HEADERS, REQUEST_SIZE};
use crate::reply_bytes::{OkReply, ReplyPart};

/// Usual bytes of identity headers, an assertion and a quota.
const USUAL_LENGTH: usize = 1536;

/// `Retry-After` of an unknown policy.
///
/// Policies reach a pod of Kubernetes up to 90 s after the routes that name them, so a client that
/// retries a few times succeeds.
const UNKNOWN_POLICY_RETRY: Duration = Duration::from_secs(5);

/// The encoded `CheckResponse` for the request `request_id` under `policy`.
pub(crate) fn of(decision: &CheckDecision, policy: &str, request_id: &str) -> Bytes {
    match decision {
        CheckDecision::Allow(admitted) => allowed(admitted, policy),
        CheckDecision::Deny(Denied { reason, .. }) => {
            let status = rpc::Status {
                code: Code::PermissionDenied as i32,
                ..rpc::Status::default()
            };
            let http_response = Some(HttpResponse::DeniedResponse(denied(
                reason, policy, request_id,
            )));
            let dynamic_metadata = Some(metadata(reason));
            let response = CheckResponse {
                status: Some(status),
                dynamic_metadata,
                http_response,
            };
            response.encode_to_vec().into()
        }
    }
}

fn allowed(admitted: &Admitted, policy: &str) -> Bytes {
    static ANONYMOUS: LazyLock<ReplyPart> = LazyLock::new(identity_headers::anonymous);
    static TOKEN: LazyLock<ReplyPart> = LazyLock::new(|| ReplyPart::new([], ["authorization"]));
    static SIZE: LazyLock<ReplyPart> = LazyLock::new(|| ReplyPart::new([], [REQUEST_SIZE]));
    static NO_ASSERTION: LazyLock<ReplyPart> = LazyLock::new(|| ReplyPart::new([], [ASSERTION]));
    let mut reply = OkReply::with_capacity(USUAL_LENGTH);
    match admitted.caller.as_deref() {
        Some(caller) => {
            reply.part(&caller.headers);
            reply.part(&caller.shared.headers);
        }
        None => reply.part(&ANONYMOUS),
    }
    match &admitted.assertion {
        Some(assertion) => reply.header(ASSERTION, assertion),
        None => reply.part(&NO_ASSERTION),
    }
    if !admitted.forward_token {
        reply.part(&TOKEN);
    }
    reply.part(&SIZE);
    if let Some(quota) = &admitted.quota {
        for (name, value) in quota_fields(quota, policy) {
            reply.response_header(name, &value);
        }
    }
    reply.into_check_response()
}

/// Dynamic metadata for Envoy's access log, so that both logs have the same reason code.
fn metadata(reason: &DenyReason) -> Struct {
    let reason = Value {
        kind: Some(Kind::StringValue(reason_code(reason).to_string())),
    };
    Struct {
        fields: [("reason".to_owned(), reason)].into(),
    }
}

fn denied(reason: &DenyReason, policy: &str, request_id: &str) -> DeniedHttpResponse {
    let (status, problem) = problem(reason);
    let headers = [header("content-type", PROBLEM_JSON)]
        .into_iter()
        .chain(denial_headers(reason, policy))
        .collect();
    let body = problem.with_request_id(request_id).to_json();
    DeniedHttpResponse {
        status: Some(HttpStatus {
            code: i32::from(status.as_u16()),
        }),
        headers,
        body,
    }
}

fn problem(reason: &DenyReason) -> (StatusCode, Problem) {
    let (status, detail) = match reason {
        DenyReason::HeadersTooLarge => {
            let detail = format!(
                "the request has more than {MOST_HEADERS} headers, or they are larger than {} KiB",
                MOST_BYTES / 1024
            );
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail.into())
        }
        DenyReason::UriTooLong => {
            let detail = format!("path and query are longer than {} KiB", LONGEST_PATH / 1024);
            (StatusCode::URI_TOO_LONG, detail.into())
        }
        DenyReason::NoPolicy => (
            StatusCode::FORBIDDEN,
            "this route names no policy; the operator of the gateway must name one".into(),
        ),
        DenyReason::UnknownPolicy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the policy of this route is not in force, or not yet; try again in a few seconds"
                .into(),
        ),
        DenyReason::Token(denial) => (StatusCode::UNAUTHORIZED, denial.detail.clone()),
        DenyReason::Policy { denial, on_denied } => (
            denial_status(denial, *on_denied),
            denial.detail.clone().into(),
        ),
        DenyReason::ClaimsTooLarge => (
            StatusCode::FORBIDDEN,
            "the token's claims, or claims and path together, are too large to pass on".into(),
        ),
        DenyReason::RateLimited { retry_after, .. } => {
            let detail = format!(
                "too many requests; try again in {} seconds",
                seconds(*retry_after)
            );
            (StatusCode::TOO_MANY_REQUESTS, detail.into())
        }
        // Not 429, because the caller did not send too many requests.
        DenyReason::LimiterFull { retry_after } => {
            let seconds = seconds(*retry_after);
            let detail =
                format!("too many clients at the same time; try again in {seconds} seconds");
            (StatusCode::SERVICE_UNAVAILABLE, detail.into())
        }
    };
    (status, Problem::new(status, reason_code(reason), detail))
}

/// The reason code of a denial, in answers, logs and metrics.
pub(crate) fn reason_code(reason: &DenyReason) -> ReasonCode {
    match reason {
        DenyReason::HeadersTooLarge => HEADERS_TOO_LARGE,
        DenyReason::UriTooLong => URI_TOO_LONG,
        DenyReason::NoPolicy => ROUTE_WITHOUT_POLICY,
        DenyReason::UnknownPolicy => POLICY_UNKNOWN,
        DenyReason::Token(denial) => denial.reason.reason_code(),
        DenyReason::Policy { denial, .. } => denial.reason.reason_code(),
        DenyReason::ClaimsTooLarge => CLAIMS_TOO_LARGE,
        DenyReason::RateLimited { .. } => RATE_LIMITED,
        DenyReason::LimiterFull { .. } => RATE_LIMITER_FULL,
    }
}

fn denial_headers(reason: &DenyReason, policy: &str) -> Vec<HeaderValueOption> {
    match reason {
        DenyReason::Token(denial) => vec![header("www-authenticate", &denial.challenge())],
        DenyReason::Policy { denial, on_denied } => denial_challenge(denial, *on_denied)
            .iter()
            .map(|challenge| header("www-authenticate", challenge))
            .collect(),
        DenyReason::RateLimited { quota, retry_after } => {
            let mut headers = vec![header("retry-after", &seconds(*retry_after).to_string())];
            headers.extend(
                quota_fields(quota, policy)
                    .iter()
                    .map(|(name, value)| header(name, value)),
            );
            headers
        }
        DenyReason::LimiterFull { retry_after } => {
            vec![header("retry-after", &seconds(*retry_after).to_string())]
        }
        DenyReason::UnknownPolicy => vec![header(
            "retry-after",
            &UNKNOWN_POLICY_RETRY.as_secs().to_string(),
        )],
        DenyReason::HeadersTooLarge
        | DenyReason::UriTooLong
        | DenyReason::NoPolicy
        | DenyReason::ClaimsTooLarge => Vec::new(),
    }
}

/// The status of a policy's denial.
///
/// A revoked token is an invalid one, whatever `onDenied` says (RFC 6750 §3.1), because a new
/// sign-in helps.
fn denial_status(denial: &PolicyDenied, on_denied: OnDenied) -> StatusCode {
    match (denial.reason, on_denied) {
        (DenialReason::TokenRevoked, _) | (_, OnDenied::Unauthorized) => StatusCode::UNAUTHORIZED,
        (_, OnDenied::Forbidden) => StatusCode::FORBIDDEN,
    }
}

/// The challenge of a policy's denial (RFC 6750 §3.1).
///
/// Every 401 has a challenge. A 403 has one if another token could be allowed.
fn denial_challenge(denial: &PolicyDenied, on_denied: OnDenied) -> Option<String> {
    let code = denial.reason.code();
    if denial_status(denial, on_denied) == StatusCode::UNAUTHORIZED {
        return Some(format!(
            "Bearer error=\"invalid_token\", error_description=\"{code}\""
        ));
    }
    if matches!(
        denial.reason,
        DenialReason::MethodNotAllowed | DenialReason::CallerBlocked
    ) {
        return None;
    }
    let scope = denial.scopes.join(" ");
    let scope = if scope.is_empty() {
        scope
    } else {
        format!(", scope=\"{scope}\"")
    };
    Some(format!(
        "Bearer error=\"insufficient_scope\", error_description=\"{code}\"{scope}"
    ))
}

/// The fields of "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10).
fn quota_fields(quota: &Quota, policy: &str) -> [(&'static str, String); 2] {
    let Quota {
        limit,
        remaining,
        reset,
    } = quota;
    [
        (
            "ratelimit-policy",
            format!(
                "\"{policy}\";q={};w={}",
                limit.requests,
                limit.per.as_secs()
            ),
        ),
        (
            "ratelimit",
            format!("\"{policy}\";r={remaining};t={}", seconds(*reset)),
        ),
    ]
}

/// Whole seconds, rounded up: a client that retries too early would be denied again.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// A header that overwrites a client's value.
///
/// Both fields say so, because Envoy 1.40 appends to the client's value when `append` is true,
/// whatever the action says.
#[expect(deprecated, reason = "Envoy 1.40 still reads `append`")]
fn header(name: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: name.to_owned(),
            value: value.to_owned(),
            raw_value: Vec::new(),
        }),
        append: Some(BoolValue { value: false }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        keep_empty_value: false,
    }
}

#[cfg(test)]
mod tests;
