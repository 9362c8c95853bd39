use super::{LISTENERS, Row, bad, bad_route, good, good_route};
use crate::commands::lint::code::Code;

pub(super) fn rows() -> Vec<Row> {
    let normalize = |to| {
        (
            Code::PathNotNormalized,
            LISTENERS,
            "normalize_path: true",
            to,
        )
    };
    let merge = |to| (Code::SlashesNotMerged, LISTENERS, "merge_slashes: true", to);
    let escaped = |to| {
        (
            Code::EscapedSlashesPass,
            LISTENERS,
            "path_with_escaped_slashes_action: REJECT_REQUEST",
            to,
        )
    };
    let found = [
        normalize("normalize_path: false"),
        normalize("# left out"),
        merge("merge_slashes: false"),
        merge("# left out"),
        escaped("path_with_escaped_slashes_action: KEEP_UNCHANGED"),
        escaped("path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD"),
        escaped("path_with_escaped_slashes_action: 4"),
        escaped("# left out"),
    ];
    let not_found = [
        normalize("normalizePath: yes"),
        merge("merge_slashes: \"true\""),
        escaped("path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT"),
        escaped("pathWithEscapedSlashesAction: 2"),
    ];
    let found = found.map(|(code, file, from, to)| bad(code, file, from, to));
    let not_found = not_found.map(|(code, file, from, to)| good(code, file, from, to));
    found
        .into_iter()
        .chain(not_found)
        .chain(matches())
        .chain(redirects())
        .collect()
}

fn matches() -> Vec<Row> {
    let route = |matched: &str| {
        format!(
            "match: {{ {matched} }}, route: {{cluster: audit}}, typed_per_filter_config: *tasks"
        )
    };
    let redirect =
        |matched: &str| format!("match: {{ {matched} }}, redirect: {{https_redirect: true}}");
    let on_path = |matcher: &str| format!(r#"prefix: /, headers: [{{name: ":path", {matcher} }}]"#);
    vec![
        bad_route(
            Code::PathCaseInsensitive,
            &route("prefix: /x/, case_sensitive: false"),
        ),
        bad_route(
            Code::PathCaseInsensitive,
            &route("safe_regex: {regex: '(?i)/x/.*'}"),
        ),
        good_route(
            Code::PathCaseInsensitive,
            &route("prefix: /x/, case_sensitive: true"),
        ),
        good_route(
            Code::PathCaseInsensitive,
            &redirect("prefix: /x/, case_sensitive: false"),
        ),
        bad_route(
            Code::PathMatchedAsHeader,
            &route(&on_path("string_match: {contains: /open/}")),
        ),
        bad_route(
            Code::PathMatchedAsHeader,
            &route(&on_path(
                "string_match: {safe_regex: {regex: '.*/open/.*'}}",
            )),
        ),
        bad_route(
            Code::PathMatchedAsHeader,
            &route(&on_path(
                "string_match: {exact: /closed}, invert_match: true",
            )),
        ),
        good_route(
            Code::PathMatchedAsHeader,
            &route(&on_path("string_match: {prefix: /open/}")),
        ),
        good_route(
            Code::PathMatchedAsHeader,
            &redirect(&on_path("string_match: {contains: /open/}")),
        ),
    ]
}

/// A listener that only redirects to https has nothing to protect, with any settings.
fn redirects() -> Vec<Row> {
    let manager = "\"@type\": type.googleapis.com/\
                   envoy.extensions.filters.network.http_connection_manager.v3.\
                   HttpConnectionManager";
    let listener = |action: &str| {
        let table = format!(
            "{{name: plain, virtual_hosts: [{{name: v, domains: ['*'], routes: [{{match: {{prefix: \
             /}}, {action} }}] }}] }}"
        );
        format!(
            "resources:\n  - {{\"@type\": type.googleapis.com/envoy.config.listener.v3.Listener, \
             name: plain, filter_chains: [{{filters: [{{name: x, \
             typed_config: {{ {manager}, route_config: {table} }} }}] }}] }}\n"
        )
    };
    let service = bad(
        Code::PathNotNormalized,
        LISTENERS,
        "resources:\n",
        &listener("route: {cluster: audit}"),
    );
    let other_codes = [
        Code::SlashesNotMerged,
        Code::EscapedSlashesPass,
        Code::UnderscoresPass,
        Code::IdentityHeadersNotRemoved,
        Code::RequestIdNotRemoved,
        Code::InstructionsNotRemoved,
        Code::ClientAddressBelieved,
        Code::AuthorizationMissing,
        Code::RouteWithoutPolicy,
    ];
    let redirect = good(
        Code::PathNotNormalized,
        LISTENERS,
        "resources:\n",
        &listener("redirect: {https_redirect: true}"),
    );
    vec![redirect, other_codes.into_iter().fold(service, Row::and)]
}
