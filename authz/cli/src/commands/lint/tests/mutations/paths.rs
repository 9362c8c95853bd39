//! Mutations of path matches and rewrites.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::routes::{fine, set};
use super::{Mutation, extension, harmless, named};
use crate::commands::lint::code::Code;

const AUDIT: Part = Part::Route("audit");

pub(super) fn rows() -> Vec<Mutation> {
    [rewrites(), matches(), expressions()]
        .into_iter()
        .flatten()
        .collect()
}

fn rewrites() -> Vec<Mutation> {
    let host = Code::HostChosenByClient;
    let not_signable = Code::RewriteNotSignable;
    let policy = extension(
        "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig",
        json!({}),
    );
    let regex = |pattern: &str, substitution: &str| {
        json!({"cluster": "audit", "regex_rewrite":
            {"pattern": {"regex": pattern}, "substitution": substitution}})
    };
    let audit = |name, value, code| named(name, AUDIT, Edit::Set("/route", value), code);
    vec![
        set(
            "a host by header",
            "/route/host_rewrite_header",
            json!("x-host"),
            host,
        ),
        set(
            "a host by path",
            "/route/host_rewrite_path_regex",
            json!({"pattern": {"regex": "/(.*)"}, "substitution": "\\1"}),
            host,
        ),
        set(
            "a host by a format",
            "/route/host_rewrite",
            json!("%REQ(x-host)%"),
            host,
        ),
        named(
            "a path by a format",
            AUDIT,
            Edit::Set(
                "/route",
                json!({"cluster": "audit", "path_rewrite": "%REQ(x-path)%"}),
            ),
            not_signable,
        ),
        named(
            "a rewrite by a template",
            AUDIT,
            Edit::Set(
                "/route",
                json!({"cluster": "audit", "path_rewrite_policy": policy}),
            ),
            not_signable,
        ),
        audit(
            "a rewrite without its word to authorization",
            json!({"cluster": "audit"}),
            Code::RemovedPrefixWrong,
        ),
        audit(
            "a rewrite to another path",
            json!({"cluster": "audit", "prefix_rewrite": "/other"}),
            not_signable,
        ),
        audit(
            "an expression that is not anchored",
            regex("/auditing(/audit)$", "\\1"),
            Code::RewriteNotAnchored,
        ),
        audit(
            "an expression anchored in one alternative",
            regex("^/auditing(/.*)$|/x", "\\1"),
            Code::RewriteNotAnchored,
        ),
        audit(
            "an expression that turns the path round",
            regex("^/([a-z]+)/([a-z]+)$", "/\\1\\2"),
            not_signable,
        ),
        harmless(
            "an expression that takes the prefix off",
            AUDIT,
            Edit::Set("/route", regex("^/[a-z]+(/.*)$", "\\1")),
            "the rest of the path was authorized",
        ),
        fine(
            "a host that the configuration names",
            "/route/host_rewrite_literal",
            json!("api.internal"),
            "the client does not choose the host",
        ),
        fine(
            "a host by a format without the client",
            "/route/host_rewrite",
            json!("api.internal"),
            "the client does not choose the host",
        ),
        fine(
            "the host of the endpoint",
            "/route/auto_host_rewrite",
            json!(true),
            "the client does not choose the host",
        ),
        fine(
            "x-forwarded-host",
            "/route/append_x_forwarded_host",
            json!(true),
            "a client's own is removed early",
        ),
    ]
}

fn matches() -> Vec<Mutation> {
    let on_path = |matcher: Value| {
        let mut header = json!({"name": ":path"});
        header["string_match"] = matcher;
        json!([header])
    };
    let template = extension(
        "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
        json!({}),
    );
    let custom = json!([{"name": "x", "string_match": {"custom": extension("x.v3.X", json!({}))}}]);
    vec![
        set(
            "a path in any case",
            "/match/case_sensitive",
            json!(false),
            Code::PathCaseInsensitive,
        ),
        set(
            "a path with its query",
            "/match/headers",
            on_path(json!({"contains": "/me"})),
            Code::PathMatchedAsHeader,
        ),
        set(
            "the path as a header in any case",
            "/match/headers",
            on_path(json!({"prefix": "/api/", "ignore_case": true})),
            Code::PathCaseInsensitive,
        ),
        set(
            "CONNECT",
            "/match",
            json!({"connect_matcher": {}}),
            Code::UpgradesEnabled,
        ),
        set(
            "a path by a template",
            "/match/path_match_policy",
            template,
            Code::SettingUnlisted,
        ),
        set(
            "a header by a matcher of another's",
            "/match/headers",
            custom,
            Code::ExtensionUnlisted,
        ),
        set(
            "a field of the match that Envoy does not have",
            "/match/exact",
            json!("/x"),
            Code::SettingUnknown,
        ),
        fine(
            "a header too",
            "/match/headers",
            json!([{"name": "x", "present_match": true}]),
            "fewer requests match",
        ),
        fine(
            "a query parameter too",
            "/match/query_parameters",
            json!([{"name": "x", "present_match": true}]),
            "fewer requests match",
        ),
        fine(
            "half of the requests",
            "/match/runtime_fraction",
            json!({"default_value": {"numerator": 50}}),
            "the others take a route with its own policy",
        ),
        fine(
            "gRPC only",
            "/match/grpc",
            json!({}),
            "fewer requests match",
        ),
        fine(
            "case counts",
            "/match/case_sensitive",
            json!(true),
            "the default of Envoy",
        ),
    ]
}

fn expressions() -> Vec<Mutation> {
    let regex = |name, pattern: &str, code| {
        set(
            name,
            "/match",
            json!({"safe_regex": {"regex": pattern}}),
            code,
        )
    };
    let same = |name, pattern: &str, why| {
        fine(
            name,
            "/match",
            json!({"safe_regex": {"regex": pattern}}),
            why,
        )
    };
    let any_case = Code::PathCaseInsensitive;
    vec![
        regex("an expression in any case", "(?i)/api/me", any_case),
        regex("an expression with two flags", "(?si)/api/me", any_case),
        regex("an expression with a flag inside", "/api/(?i:me)", any_case),
        regex(
            "a wildcard in the middle",
            "/api/.*/me",
            Code::PathRegexCrossesSegments,
        ),
        regex("an ending", ".*\\.png", Code::PathRegexCrossesSegments),
        regex("any segment", "/api/[^/]+", Code::PathRegexOdd),
        regex(
            "an escape in a segment",
            "/api/[a-z%0-9]+",
            Code::PathRegexOdd,
        ),
        regex(
            "an expression that only RE2 reads",
            "/api/\\C",
            Code::SettingUnlisted,
        ),
        same(
            "a segment of listed characters",
            "/api/[A-Za-z0-9_-]+",
            "matches what it lists",
        ),
        same(
            "alternatives",
            "/api/me|/api/tasks",
            "Envoy matches the whole path",
        ),
        same(
            "an expression that is a prefix",
            "/api/.*",
            "like `prefix`, whose reach is not checked",
        ),
        same(
            "a dot for every character",
            "(?s)/api/me",
            "a path has no line break",
        ),
    ]
}
