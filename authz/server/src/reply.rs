//! From a verdict to the words that Envoy understands.

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
use portcullis_policy::{Denial, DenialReason, OnDenied};
use portcullis_runtime::{PROBLEM_JSON, Problem};
use prost::Message;
use tonic::Code;

use crate::identity_headers;
use crate::limits::{LONGEST_PATH, MOST_BYTES, MOST_HEADERS, REQUEST_SIZE};
use crate::reply_bytes::{OkReply, ReplyPart};
use crate::verdict::{Denied, Pass, Quota, Refused, Verdict};

/// Identity headers, an assertion and a quota take about this many bytes.
const USUAL_LENGTH: usize = 1536;

/// Policies come to a pod of Kubernetes up to 90 s after the routes that name them; a client that
/// asks a few times meets them.
const UNKNOWN_POLICY_RETRY: Duration = Duration::from_secs(5);

/// The answer to a question under `policy` whose request has the id `request_id`, as an encoded
/// `CheckResponse`.
pub(crate) fn of(verdict: &Verdict, policy: &str, request_id: &str) -> Bytes {
    match verdict {
        Verdict::Allow(pass) => allowed(pass, policy),
        Verdict::Deny(Denied { refused, .. }) => {
            let status = rpc::Status {
                code: Code::PermissionDenied as i32,
                ..rpc::Status::default()
            };
            let http_response = Some(HttpResponse::DeniedResponse(denied(
                refused, policy, request_id,
            )));
            let dynamic_metadata = Some(metadata(refused));
            let response = CheckResponse {
                status: Some(status),
                dynamic_metadata,
                http_response,
            };
            response.encode_to_vec().into()
        }
    }
}

fn allowed(pass: &Pass, policy: &str) -> Bytes {
    static NOBODY: LazyLock<ReplyPart> = LazyLock::new(identity_headers::nobody);
    static TOKEN: LazyLock<ReplyPart> = LazyLock::new(|| ReplyPart::new([], ["authorization"]));
    static SIZE: LazyLock<ReplyPart> = LazyLock::new(|| ReplyPart::new([], [REQUEST_SIZE]));
    static NO_ASSERTION: LazyLock<ReplyPart> = LazyLock::new(|| ReplyPart::new([], [ASSERTION]));
    let mut reply = OkReply::with_capacity(USUAL_LENGTH);
    match pass.caller.as_deref() {
        Some(caller) => {
            reply.part(&caller.headers);
            reply.part(&caller.shared.headers);
        }
        None => reply.part(&NOBODY),
    }
    match &pass.assertion {
        Some(assertion) => reply.header(ASSERTION, assertion),
        None => reply.part(&NO_ASSERTION),
    }
    if !pass.forward_token {
        reply.part(&TOKEN);
    }
    reply.part(&SIZE);
    if let Some(quota) = &pass.quota {
        for (name, value) in quota_fields(quota, policy) {
            reply.response_header(name, &value);
        }
    }
    reply.into_check_response()
}

/// For Envoy's access log, so that a denial has the same word in both logs.
fn metadata(refused: &Refused) -> Struct {
    let reason = Value {
        kind: Some(Kind::StringValue(reason(refused).to_owned())),
    };
    Struct {
        fields: [("reason".to_owned(), reason)].into(),
    }
}

fn denied(refused: &Refused, policy: &str, request_id: &str) -> DeniedHttpResponse {
    let (status, problem) = problem(refused);
    let headers = [header("content-type", PROBLEM_JSON)]
        .into_iter()
        .chain(denial_headers(refused, policy))
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

fn problem(refused: &Refused) -> (StatusCode, Problem) {
    let (status, detail) = match refused {
        Refused::HeadersTooLarge => {
            let detail = format!(
                "the request has more than {MOST_HEADERS} headers, or they are larger than {} KiB",
                MOST_BYTES / 1024
            );
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail.into())
        }
        Refused::UriTooLong => {
            let detail = format!("path and query are longer than {} KiB", LONGEST_PATH / 1024);
            (StatusCode::URI_TOO_LONG, detail.into())
        }
        Refused::NoPolicy => (
            StatusCode::FORBIDDEN,
            "no policy opens this route; whoever runs the gateway must name one".into(),
        ),
        Refused::UnknownPolicy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the policy of this route is not in force, or not yet; try again in a few seconds"
                .into(),
        ),
        Refused::Token(refusal) => (StatusCode::UNAUTHORIZED, refusal.detail.clone()),
        Refused::Policy { denial, on_denied } => (
            denial_status(denial, *on_denied),
            denial.detail.clone().into(),
        ),
        Refused::ClaimsTooLarge => (
            StatusCode::FORBIDDEN,
            "the token's claims, or claims and path together, are too large to pass on".into(),
        ),
        Refused::RateLimited { retry_after, .. } => {
            let detail = format!(
                "too many requests; try again in {} seconds",
                seconds(*retry_after)
            );
            (StatusCode::TOO_MANY_REQUESTS, detail.into())
        }
        // Not the caller's doing, so not 429: no number of requests of theirs was too many.
        Refused::LimiterFull { retry_after } => {
            let seconds = seconds(*retry_after);
            let detail =
                format!("too many clients at the same time; try again in {seconds} seconds");
            (StatusCode::SERVICE_UNAVAILABLE, detail.into())
        }
    };
    (status, Problem::new(status, reason(refused), detail))
}

/// The stable code of a refusal, in answers, logs and metrics.
pub(crate) fn reason(refused: &Refused) -> &'static str {
    match refused {
        Refused::HeadersTooLarge => "headers_too_large",
        Refused::UriTooLong => "uri_too_long",
        Refused::NoPolicy => "route_without_policy",
        Refused::UnknownPolicy => "policy_unknown",
        Refused::Token(refusal) => refusal.reason.code(),
        Refused::Policy { denial, .. } => denial.reason.code(),
        Refused::ClaimsTooLarge => "claims_too_large",
        Refused::RateLimited { .. } => "rate_limited",
        Refused::LimiterFull { .. } => "rate_limiter_full",
    }
}

fn denial_headers(refused: &Refused, policy: &str) -> Vec<HeaderValueOption> {
    match refused {
        Refused::Token(refusal) => vec![header("www-authenticate", &refusal.challenge())],
        Refused::Policy { denial, on_denied } => denial_challenge(denial, *on_denied)
            .iter()
            .map(|challenge| header("www-authenticate", challenge))
            .collect(),
        Refused::RateLimited { quota, retry_after } => {
            let mut headers = vec![header("retry-after", &seconds(*retry_after).to_string())];
            headers.extend(
                quota_fields(quota, policy)
                    .iter()
                    .map(|(name, value)| header(name, value)),
            );
            headers
        }
        Refused::LimiterFull { retry_after } => {
            vec![header("retry-after", &seconds(*retry_after).to_string())]
        }
        Refused::UnknownPolicy => vec![header(
            "retry-after",
            &UNKNOWN_POLICY_RETRY.as_secs().to_string(),
        )],
        Refused::HeadersTooLarge
        | Refused::UriTooLong
        | Refused::NoPolicy
        | Refused::ClaimsTooLarge => Vec::new(),
    }
}

/// A revoked token is an invalid one, whatever the policy says (RFC 6750 §3.1): a new sign-in
/// helps.
fn denial_status(denial: &Denial, on_denied: OnDenied) -> StatusCode {
    match (denial.reason, on_denied) {
        (DenialReason::TokenRevoked, _) | (_, OnDenied::Unauthorized) => StatusCode::UNAUTHORIZED,
        (_, OnDenied::Forbidden) => StatusCode::FORBIDDEN,
    }
}

/// RFC 6750 §3.1: every 401 has a challenge, and a 403 has one where another token would do.
fn denial_challenge(denial: &Denial, on_denied: OnDenied) -> Option<String> {
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

/// Rounded up: who comes back a moment early would be refused again.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Replaces whatever is there. Both fields say so: Envoy 1.40 appends to a client's value when
/// `append` is true, whatever the action says.
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
