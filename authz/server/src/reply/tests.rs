use std::sync::Arc;
use std::time::Duration;

use envoy_types::ext_authz::v3::pb::{CheckResponse, HeaderValueOption, HttpResponse};
use envoy_types::pb::google::protobuf::value::Kind;
use portcullis_policy::{
    AccessRequest, Decision, DenialReason, OnDenied, PolicyDenied, PolicySet, RateLimit,
};
use portcullis_token::{Caller, CallerKind, Claims, Reason, TokenDenied, Verified};
use prost::Message;

use super::of;
use crate::cached_caller::CachedCaller;
use crate::check_decision::{Admitted, CheckDecision, Denied, DenyReason, Quota};
use crate::limits::REQUEST_SIZE;
use crate::rate_limit::{ClientAddress, LimitMemory, RateLimiter, Subject};
use crate::shared_identity::SharedIdentity;

fn lines(headers: &[HeaderValueOption]) -> Vec<String> {
    let line = |option: &HeaderValueOption| {
        let header = option.header.as_ref().unwrap();
        format!("{}: {}", header.key, header.value)
    };
    headers.iter().map(line).collect()
}

fn reply(decision: &CheckDecision) -> HttpResponse {
    CheckResponse::decode(of(decision, "tasks", "the-id"))
        .unwrap()
        .http_response
        .unwrap()
}

fn quota(remaining: u32) -> Quota {
    let limit = RateLimit {
        requests: 100,
        per: Duration::from_mins(1),
    };
    Quota {
        limit,
        remaining,
        reset: Duration::from_millis(30_500),
    }
}

fn cached() -> Arc<CachedCaller> {
    let caller = Caller {
        tenant: "t".to_owned(),
        object_id: "o".to_owned(),
        kind: CallerKind::User,
        actor: None,
        name: Some("n".to_owned()),
        email: None,
        roles: Vec::new(),
        scopes: Vec::new(),
    };
    let verified = Verified {
        caller,
        claims: Claims::default(),
        valid: 0..1,
        key_epoch: 0,
    };
    let policy = "{apiVersion: portcullis.dev/v1alpha1, kind: RoutePolicy, metadata: {name: p}, \
                  spec: {allow: [{callers: anyone}], upstream: {name: u}}}";
    let set = PolicySet::compile([("p.yaml", policy)]).unwrap();
    let request = AccessRequest {
        caller: Some(&verified),
        method: "GET",
    };
    let Decision::Allow { grant, .. } = set.policy("p").unwrap().decide(&request) else {
        panic!("the policy allows every caller")
    };
    let limit_key = RateLimiter::in_memory(LimitMemory::default())
        .unwrap()
        .key("p", Subject::Address(ClientAddress::Unknown));
    let shared = Arc::new(SharedIdentity::new(&verified.caller).unwrap());
    Arc::new(CachedCaller::new(&verified, grant, limit_key, shared).unwrap())
}

#[test]
fn allowed_request_carries_the_callers_identity_and_nothing_else() {
    struct Case {
        name: &'static str,
        forward_token: bool,
        removed: &'static [&'static str],
    }
    for Case {
        name,
        forward_token,
        removed,
    } in [
        Case {
            name: "the upstream gets the token",
            forward_token: true,
            removed: &["x-user-email", "x-user-roles", REQUEST_SIZE],
        },
        Case {
            name: "the upstream does not get the token",
            forward_token: false,
            removed: &[
                "x-user-email",
                "x-user-roles",
                "authorization",
                REQUEST_SIZE,
            ],
        },
    ] {
        let assertion = Some("a.b.c".into());
        let admitted = Admitted {
            rule: 0,
            caller: Some(cached()),
            assertion,
            forward_token,
            quota: Some(quota(99)),
        };
        let HttpResponse::OkResponse(response) = reply(&CheckDecision::Allow(admitted)) else {
            panic!("not allowed")
        };
        let expected = [
            "x-user-oid: o",
            "x-user-name: n",
            "x-tenant-id: t",
            "x-portcullis-assertion: a.b.c",
        ];
        assert_eq!(lines(&response.headers), expected, "{name}");
        assert_eq!(response.headers_to_remove, removed, "{name}");
        let quota = [
            "ratelimit-policy: \"tasks\";q=100;w=60",
            "ratelimit: \"tasks\";r=99;t=31",
        ];
        assert_eq!(lines(&response.response_headers_to_add), quota, "{name}");
    }
}

#[test]
fn anonymous_request_has_every_identity_header_removed() {
    let admitted = Admitted {
        rule: 0,
        caller: None,
        assertion: None,
        forward_token: true,
        quota: None,
    };
    let HttpResponse::OkResponse(response) = reply(&CheckDecision::Allow(admitted)) else {
        panic!("not allowed")
    };
    assert!(response.headers.is_empty() && response.response_headers_to_add.is_empty());
    let removed = [
        "x-user-oid",
        "x-user-name",
        "x-user-email",
        "x-tenant-id",
        "x-user-roles",
        "x-portcullis-assertion",
        REQUEST_SIZE,
    ];
    assert_eq!(response.headers_to_remove, removed);
}

fn denial(reason: DenialReason, on_denied: OnDenied, scopes: &[&str]) -> DenyReason {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    DenyReason::Policy {
        denial: PolicyDenied {
            reason,
            detail: "d".to_owned(),
            scopes,
        },
        on_denied,
    }
}

#[test]
fn denial_has_its_status_challenge_and_reason_code() {
    struct Case {
        name: &'static str,
        reason: DenyReason,
        status: i32,
        header: Option<String>,
        code: &'static str,
    }
    use DenialReason::{CallerBlocked, MethodNotAllowed, RoleMissing, ScopeMissing, TokenRevoked};
    let token = |reason| DenyReason::Token(TokenDenied::new(reason, ""));
    let limited = DenyReason::RateLimited {
        quota: quota(0),
        retry_after: Duration::from_millis(1),
    };
    let full = DenyReason::LimiterFull {
        retry_after: Duration::from_millis(30_001),
    };
    let invalid = |code| {
        format!("www-authenticate: Bearer error=\"invalid_token\", error_description=\"{code}\"")
    };
    let scope = "www-authenticate: Bearer error=\"insufficient_scope\", \
                 error_description=\"scope_missing\", scope=\"a b\"";
    let role =
        "www-authenticate: Bearer error=\"insufficient_scope\", error_description=\"role_missing\"";
    for Case {
        name,
        reason,
        status,
        header,
        code,
    } in [
        Case {
            name: "no policy",
            reason: DenyReason::NoPolicy,
            status: 403,
            header: None,
            code: "route_without_policy",
        },
        Case {
            name: "an unknown policy",
            reason: DenyReason::UnknownPolicy,
            status: 503,
            header: Some("retry-after: 5".to_owned()),
            code: "policy_unknown",
        },
        Case {
            name: "no token",
            reason: token(Reason::TokenMissing),
            status: 401,
            header: Some("www-authenticate: Bearer".to_owned()),
            code: "token_missing",
        },
        Case {
            name: "an expired token",
            reason: token(Reason::TokenExpired),
            status: 401,
            header: Some(invalid("token_expired")),
            code: "token_expired",
        },
        Case {
            name: "a missing scope",
            reason: denial(ScopeMissing, OnDenied::Forbidden, &["a", "b"]),
            status: 403,
            header: Some(scope.to_owned()),
            code: "scope_missing",
        },
        Case {
            name: "a missing role",
            reason: denial(RoleMissing, OnDenied::Forbidden, &[]),
            status: 403,
            header: Some(role.to_owned()),
            code: "role_missing",
        },
        Case {
            name: "a missing role, as a 401",
            reason: denial(RoleMissing, OnDenied::Unauthorized, &[]),
            status: 401,
            header: Some(invalid("role_missing")),
            code: "role_missing",
        },
        Case {
            name: "another method",
            reason: denial(MethodNotAllowed, OnDenied::Forbidden, &[]),
            status: 403,
            header: None,
            code: "method_not_allowed",
        },
        Case {
            name: "a blocked caller",
            reason: denial(CallerBlocked, OnDenied::Forbidden, &[]),
            status: 403,
            header: None,
            code: "caller_blocked",
        },
        Case {
            name: "a revoked token",
            reason: denial(TokenRevoked, OnDenied::Forbidden, &[]),
            status: 401,
            header: Some(invalid("token_revoked")),
            code: "token_revoked",
        },
        Case {
            name: "large claims",
            reason: DenyReason::ClaimsTooLarge,
            status: 403,
            header: None,
            code: "claims_too_large",
        },
        Case {
            name: "large headers",
            reason: DenyReason::HeadersTooLarge,
            status: 431,
            header: None,
            code: "headers_too_large",
        },
        Case {
            name: "a long path",
            reason: DenyReason::UriTooLong,
            status: 414,
            header: None,
            code: "uri_too_long",
        },
        Case {
            name: "too many requests",
            reason: limited,
            status: 429,
            header: Some("retry-after: 1".to_owned()),
            code: "rate_limited",
        },
        Case {
            name: "too many callers",
            reason: full,
            status: 503,
            header: Some("retry-after: 31".to_owned()),
            code: "rate_limiter_full",
        },
    ] {
        let decision = CheckDecision::Deny(Denied {
            caller: None,
            reason,
        });
        let HttpResponse::DeniedResponse(response) = reply(&decision) else {
            panic!("not denied")
        };
        let metadata = CheckResponse::decode(of(&decision, "tasks", "the-id"))
            .unwrap()
            .dynamic_metadata
            .unwrap();
        let logged = metadata.fields["reason"].kind.clone();
        assert_eq!(
            logged,
            Some(Kind::StringValue(code.to_owned())),
            "{name}: Envoy's access log has the reason code"
        );
        assert_eq!(response.status.unwrap().code, status, "{name}");
        assert!(
            response.body.contains(code) && response.body.contains("the-id"),
            "{name}: {}",
            response.body
        );
        let headers = lines(&response.headers);
        assert_eq!(
            headers[0], "content-type: application/problem+json",
            "{name}"
        );
        assert_eq!(headers.get(1), header.as_ref(), "{name}");
    }
}
