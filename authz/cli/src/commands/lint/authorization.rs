//! Checks the settings of the ext_authz filter.

use super::code::Code;
use super::filters::Filter;
use super::finding::{Finding, Place};
use super::node::Node;
use super::string_matcher::matches;

/// Each field with the check that its value must pass, and the code of a failure.
type Rule = (&'static str, fn(Node<'_>) -> bool, Code);

const RULES: [Rule; 11] = [
    ("http_service", is_absent, Code::AuthorizationOverHttp),
    ("filter_enabled", is_absent, Code::AuthorizationSwitchable),
    (
        "filter_enabled_metadata",
        is_absent,
        Code::AuthorizationSwitchable,
    ),
    (
        "failure_mode_allow",
        is_not_true,
        Code::AuthorizationFailsOpen,
    ),
    (
        "failure_mode_allow_header_add",
        is_not_true,
        Code::FailureModeTold,
    ),
    ("status_on_error", is_unavailable, Code::ErrorLooksForbidden),
    ("encode_raw_headers", is_true, Code::RawHeadersNotEncoded),
    ("with_request_body", is_absent, Code::BodySent),
    ("clear_route_cache", is_not_true, Code::RouteCacheCleared),
    ("validate_mutations", is_true, Code::MutationsNotValidated),
    ("allowed_headers", lets_token_pass, Code::TokenNotSent),
];

/// Checks the settings of `filter`.
pub(super) fn check(listener: &Place, filter: &Filter<'_>, findings: &mut Vec<Finding>) {
    let place = filter.place(listener);
    for (field, good, code) in RULES {
        let value = filter.configuration.get(field);
        if !good(value) {
            findings.push(place.finding(code, field, value.describe()));
        }
    }
    if names_token(filter.configuration.get("disallowed_headers")) {
        findings.push(place.finding(
            Code::TokenNotSent,
            "disallowed_headers",
            "matches authorization",
        ));
    }
    // An Envoy that was built without the filter omits it if it is optional.
    for field in ["disabled", "is_optional"] {
        if filter.node.get(field).is_true() {
            findings.push(place.finding(Code::AuthorizationSwitchable, field, "is true"));
        }
    }
}

fn is_absent(value: Node<'_>) -> bool {
    !value.is_present()
}

fn is_true(value: Node<'_>) -> bool {
    value.is_true()
}

fn is_not_true(value: Node<'_>) -> bool {
    !value.is_true()
}

fn is_unavailable(value: Node<'_>) -> bool {
    value.get("code").is_one_of(&[("ServiceUnavailable", 503)])
}

/// Whether the filter sends the token. Without a list, it sends every header.
fn lets_token_pass(list: Node<'_>) -> bool {
    !list.is_present() || names_token(list)
}

fn names_token(list: Node<'_>) -> bool {
    list.get("patterns")
        .items()
        .any(|pattern| matches(pattern, "authorization"))
}
