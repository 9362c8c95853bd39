//! From a verdict to the words that Envoy understands.

use std::time::Duration;

use envoy_types::ext_authz::v3::pb::{
    CheckResponse, DeniedHttpResponse, HeaderAppendAction, HeaderValue, HeaderValueOption, HttpResponse, HttpStatus,
    OkHttpResponse,
};
use envoy_types::pb::google::protobuf::BoolValue;
use envoy_types::pb::google::rpc;
use http::StatusCode;
use portcullis_assertion::HEADER as ASSERTION;
use portcullis_policy::Denial;
use portcullis_runtime::{PROBLEM_JSON, Problem};
use tonic::Code;

use crate::gate::{Outcome, Pass, Quota, Refused, Verdict};
use crate::identity_headers;

/// The answer to a question whose request has the id `request_id`.
pub(crate) fn of(verdict: &Verdict, request_id: &str) -> CheckResponse {
    match &verdict.outcome {
        Outcome::Allow(pass) => respond(Code::Ok, HttpResponse::OkResponse(allowed(pass))),
        Outcome::Deny(refused) => {
            respond(Code::PermissionDenied, HttpResponse::DeniedResponse(denied(refused, request_id)))
        }
    }
}

fn respond(code: Code, response: HttpResponse) -> CheckResponse {
    let status = rpc::Status { code: code as i32, ..rpc::Status::default() };
    CheckResponse { status: Some(status), dynamic_metadata: None, http_response: Some(response) }
}

fn allowed(pass: &Pass) -> OkHttpResponse {
    let identity = pass.identity.iter().map(|(name, value)| header(name, value));
    // Envoy removes last, so a name must not be in both lists: its value would be gone.
    let unset = identity_headers::NAMES.into_iter().filter(|name| !pass.identity.iter().any(|(set, _)| set == name));
    let token = (!pass.forward_token).then_some("authorization");
    OkHttpResponse {
        headers: identity.chain([header(ASSERTION, &pass.assertion)]).collect(),
        headers_to_remove: unset.chain(token).map(str::to_owned).collect(),
        response_headers_to_add: pass.quota.iter().flat_map(quota_headers).collect(),
        ..OkHttpResponse::default()
    }
}

fn denied(refused: &Refused, request_id: &str) -> DeniedHttpResponse {
    let (status, problem) = problem(refused);
    let headers = [header("content-type", PROBLEM_JSON)].into_iter().chain(denial_headers(refused)).collect();
    let body = problem.with_request_id(request_id).to_json();
    DeniedHttpResponse { status: Some(HttpStatus { code: i32::from(status.as_u16()) }), headers, body }
}

fn problem(refused: &Refused) -> (StatusCode, Problem) {
    let (status, detail) = match refused {
        Refused::NoPolicy => {
            (StatusCode::FORBIDDEN, "no policy opens this route; whoever runs the gateway must name one".into())
        }
        Refused::Token(refusal) => (StatusCode::UNAUTHORIZED, refusal.detail.clone()),
        Refused::Policy(Denial { detail, .. }) => (StatusCode::FORBIDDEN, detail.clone().into()),
        Refused::ClaimsTooLarge => (StatusCode::FORBIDDEN, "the token's claims are too large to pass on".into()),
        Refused::RateLimited { retry_after, .. } => {
            let detail = format!("too many requests; try again in {} seconds", seconds(*retry_after));
            (StatusCode::TOO_MANY_REQUESTS, detail.into())
        }
    };
    (status, Problem::new(status, reason(refused), detail))
}

/// The stable code of a refusal, in answers, logs and metrics.
pub(crate) fn reason(refused: &Refused) -> &'static str {
    match refused {
        Refused::NoPolicy => "route_without_policy",
        Refused::Token(refusal) => refusal.reason.code(),
        Refused::Policy(denial) => denial.reason.code(),
        Refused::ClaimsTooLarge => "claims_too_large",
        Refused::RateLimited { .. } => "rate_limited",
    }
}

fn denial_headers(refused: &Refused) -> Vec<HeaderValueOption> {
    match refused {
        Refused::Token(refusal) => vec![header("www-authenticate", &refusal.challenge())],
        Refused::Policy(denial) => vec![header("www-authenticate", &insufficient_scope(denial))],
        Refused::RateLimited { quota, retry_after } => {
            let mut headers = vec![header("retry-after", &seconds(*retry_after).to_string())];
            headers.extend(quota_headers(quota));
            headers
        }
        Refused::NoPolicy | Refused::ClaimsTooLarge => Vec::new(),
    }
}

/// RFC 6750 §3.1, with the scopes to request where scopes would do.
fn insufficient_scope(denial: &Denial) -> String {
    let scope = denial.scopes.join(" ");
    let scope = if scope.is_empty() { scope } else { format!(", scope=\"{scope}\"") };
    format!("Bearer error=\"insufficient_scope\", error_description=\"{}\"{scope}", denial.reason.code())
}

/// The fields of "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10).
fn quota_headers(quota: &Quota) -> [HeaderValueOption; 2] {
    let Quota { policy, limit, remaining, reset } = quota;
    [
        header("ratelimit-policy", &format!("\"{policy}\";q={};w={}", limit.requests, limit.per.as_secs())),
        header("ratelimit", &format!("\"{policy}\";r={remaining};t={}", seconds(*reset))),
    ]
}

/// Rounded up: who comes back a moment early would be refused again.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Replaces whatever is there. Both fields say so: Envoy 1.40 appends to a client's value when `append` is true, whatever the action says.
#[expect(deprecated, reason = "Envoy 1.40 still reads `append`")]
fn header(name: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: name.to_owned(), value: value.to_owned(), raw_value: Vec::new() }),
        append: Some(BoolValue { value: false }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        keep_empty_value: false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use envoy_types::ext_authz::v3::pb::{HeaderValueOption, HttpResponse};
    use portcullis_policy::{Denial, DenialReason, RateLimit};
    use portcullis_token::{Reason, Refusal};

    use super::of;
    use crate::gate::{Outcome, Pass, Quota, Refused, Verdict};

    fn texts(headers: &[HeaderValueOption]) -> Vec<String> {
        let text = |option: &HeaderValueOption| {
            let header = option.header.as_ref().unwrap();
            format!("{}: {}", header.key, header.value)
        };
        headers.iter().map(text).collect()
    }

    fn quota(remaining: u32) -> Quota {
        let limit = RateLimit { requests: 100, per: Duration::from_mins(1) };
        Quota { policy: "tasks".to_owned(), limit, remaining, reset: Duration::from_millis(30_500) }
    }

    #[test]
    fn an_allowed_request_carries_the_callers_identity_and_nothing_else() {
        for (forward_token, removed) in
            [(true, &["x-user-email", "x-user-roles"][..]), (false, &["x-user-email", "x-user-roles", "authorization"])]
        {
            let identity =
                vec![("x-user-oid", "o".to_owned()), ("x-user-name", "n".to_owned()), ("x-tenant-id", "t".to_owned())];
            let pass = Pass { rule: 0, identity, assertion: "a.b.c".to_owned(), forward_token, quota: Some(quota(99)) };
            let reply = of(&Verdict { caller: None, outcome: Outcome::Allow(pass) }, "id");
            let Some(HttpResponse::OkResponse(response)) = reply.http_response else { panic!("{reply:?}") };
            let expected = ["x-user-oid: o", "x-user-name: n", "x-tenant-id: t", "x-portcullis-assertion: a.b.c"];
            assert_eq!(texts(&response.headers), expected);
            assert_eq!(response.headers_to_remove, removed);
            let quota = ["ratelimit-policy: \"tasks\";q=100;w=60", "ratelimit: \"tasks\";r=99;t=31"];
            assert_eq!(texts(&response.response_headers_to_add), quota);
        }
    }

    #[test]
    fn a_refusal_has_its_status_its_challenge_and_its_reason() {
        let denial = |scopes: &[&str]| Denial {
            reason: DenialReason::ScopeMissing,
            detail: "d".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        for (refused, status, header, reason) in [
            (Refused::NoPolicy, 403, None, "route_without_policy"),
            (
                Refused::Token(Refusal::new(Reason::TokenMissing, "")),
                401,
                Some("www-authenticate: Bearer"),
                "token_missing",
            ),
            (
                Refused::Token(Refusal::new(Reason::TokenExpired, "")),
                401,
                Some("www-authenticate: Bearer error=\"invalid_token\", error_description=\"token_expired\""),
                "token_expired",
            ),
            (
                Refused::Policy(denial(&["a", "b"])),
                403,
                Some(
                    "www-authenticate: Bearer error=\"insufficient_scope\", error_description=\"scope_missing\", scope=\"a b\"",
                ),
                "scope_missing",
            ),
            (Refused::ClaimsTooLarge, 403, None, "claims_too_large"),
            (
                Refused::RateLimited { quota: quota(0), retry_after: Duration::from_millis(1) },
                429,
                Some("retry-after: 1"),
                "rate_limited",
            ),
        ] {
            let reply = of(&Verdict { caller: None, outcome: Outcome::Deny(refused) }, "the-id");
            let Some(HttpResponse::DeniedResponse(response)) = reply.http_response else { panic!("{reply:?}") };
            assert_eq!(response.status.unwrap().code, status, "{reason}");
            assert!(response.body.contains(reason) && response.body.contains("the-id"), "{}", response.body);
            let headers = texts(&response.headers);
            assert_eq!(headers[0], "content-type: application/problem+json");
            assert_eq!(headers.get(1).map(String::as_str), header, "{reason}");
        }
    }
}
