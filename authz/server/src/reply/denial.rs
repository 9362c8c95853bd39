//! Denials as answers to the client.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use portcullis_policy::{DenialReason, OnDenied, PolicyDenied};
use portcullis_reason_codes::{
    CLAIMS_TOO_LARGE, HEADERS_TOO_LARGE, POLICY_UNKNOWN, RATE_LIMITED, RATE_LIMITER_FULL,
    ROUTE_WITHOUT_POLICY, ReasonCode, URI_TOO_LONG,
};
use portcullis_runtime::{PROBLEM_JSON, Problem};

use super::{quota_headers, seconds};
use crate::check_decision::DenyReason;
use crate::ext_authz::{DeniedHttpResponse, HeaderValueOption, HttpStatus, Struct, Value};
use crate::limits::{LONGEST_PATH, MOST_BYTES, MOST_HEADERS};

/// `Retry-After` of an unknown policy.
///
/// Policies reach a pod of Kubernetes up to 90 s after the routes that name them, so a client that
/// retries a few times succeeds.
const UNKNOWN_POLICY_RETRY: Duration = Duration::from_secs(5);

/// Dynamic metadata for Envoy's access log, so that both logs have the same reason code.
pub(super) fn metadata(reason: &DenyReason) -> Struct {
    let reason = Value {
        string_value: Some(reason_code(reason).to_string()),
    };
    Struct {
        fields: [("reason".to_owned(), reason)].into(),
    }
}

/// The answer to the client.
pub(super) fn response(reason: &DenyReason, policy: &str, request_id: &str) -> DeniedHttpResponse {
    let status = http_status(reason);
    let problem = Problem::new(status, reason_code(reason), detail(reason));
    let headers = [HeaderValueOption::overwrite("content-type", PROBLEM_JSON)]
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

fn http_status(reason: &DenyReason) -> StatusCode {
    match reason {
        DenyReason::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        DenyReason::UriTooLong => StatusCode::URI_TOO_LONG,
        DenyReason::NoPolicy | DenyReason::ClaimsTooLarge => StatusCode::FORBIDDEN,
        DenyReason::Token(_) => StatusCode::UNAUTHORIZED,
        DenyReason::Policy { denial, on_denied } => denial_status(denial, *on_denied),
        DenyReason::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        // A full limiter is not 429, because the caller did not send too many requests.
        DenyReason::UnknownPolicy | DenyReason::LimiterFull { .. } => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

fn detail(reason: &DenyReason) -> Cow<'static, str> {
    match reason {
        DenyReason::HeadersTooLarge => {
            let kibibytes = MOST_BYTES / 1024;
            format!(
                "the request has more than {MOST_HEADERS} headers, or they are larger than \
                 {kibibytes} KiB"
            )
            .into()
        }
        DenyReason::UriTooLong => {
            format!("path and query are longer than {} KiB", LONGEST_PATH / 1024).into()
        }
        DenyReason::NoPolicy => {
            "this route names no policy; the operator of the gateway must name one".into()
        }
        DenyReason::UnknownPolicy => {
            "the policy of this route is not in force, or not yet; try again in a few seconds"
                .into()
        }
        DenyReason::Token(denial) => denial.detail.clone(),
        DenyReason::Policy { denial, .. } => denial.detail.clone().into(),
        DenyReason::ClaimsTooLarge => {
            "the token's claims, or claims and path together, are too large to pass on".into()
        }
        DenyReason::RateLimited { retry_after, .. } => {
            let seconds = seconds(*retry_after);
            format!("too many requests; try again in {seconds} seconds").into()
        }
        DenyReason::LimiterFull { retry_after } => {
            let seconds = seconds(*retry_after);
            format!("too many clients at the same time; try again in {seconds} seconds").into()
        }
    }
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
        DenyReason::Token(denial) => vec![challenge(denial.challenge())],
        DenyReason::Policy { denial, on_denied } => denial_challenge(denial, *on_denied)
            .into_iter()
            .map(challenge)
            .collect(),
        DenyReason::RateLimited { quota, retry_after } => {
            let mut headers = vec![retry(*retry_after)];
            headers.extend(quota_headers(quota, policy));
            headers
        }
        DenyReason::LimiterFull { retry_after } => vec![retry(*retry_after)],
        DenyReason::UnknownPolicy => vec![retry(UNKNOWN_POLICY_RETRY)],
        DenyReason::HeadersTooLarge
        | DenyReason::UriTooLong
        | DenyReason::NoPolicy
        | DenyReason::ClaimsTooLarge => Vec::new(),
    }
}

fn challenge(value: String) -> HeaderValueOption {
    HeaderValueOption::overwrite("www-authenticate", value)
}

fn retry(after: Duration) -> HeaderValueOption {
    HeaderValueOption::overwrite("retry-after", seconds(after).to_string())
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
