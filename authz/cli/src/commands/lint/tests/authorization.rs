use super::{LISTENERS, Row, bad, good};
use crate::commands::lint::code::Code;

const FAILURE: &str = "failure_mode_allow: false";
const FILTER: &str = "- name: envoy.filters.http.ext_authz";
const CORS: &str = "- name: envoy.filters.http.cors";
const ALLOWED: &str = "{exact: authorization}, ";

pub(super) fn rows() -> Vec<Row> {
    [order(), values(), additions(), token()]
        .into_iter()
        .flatten()
        .collect()
}

fn order() -> Vec<Row> {
    let filter = |name: &str, type_name: &str| {
        format!(
            "- {{name: {name}, typed_config: {{\"@type\": \
             type.googleapis.com/envoy.extensions.filters.http.{type_name}}} }}\n                \
             {CORS}"
        )
    };
    let in_front = |name, type_name| {
        bad(
            Code::FilterBeforeAuthorization,
            LISTENERS,
            CORS,
            &filter(name, type_name),
        )
    };
    let type_name =
        "\"@type\": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz\n";
    vec![
        bad(
            Code::AuthorizationMissing,
            LISTENERS,
            type_name,
            "\"@type\": type.googleapis.com/envoy.extensions.filters.http.x.v3.X\n",
        )
        .and(Code::FilterBehindAuthorization),
        // Envoy finds the filter by its type, but the routes use another name than the filter's.
        bad(
            Code::PerFilterConfigUnknown,
            LISTENERS,
            FILTER,
            "- name: authz",
        )
        .and(Code::RouteWithoutPolicy)
        .and(Code::PolicyWithoutRoute),
        good(
            Code::AuthorizationMissing,
            LISTENERS,
            FILTER,
            "- name: 'envoy.filters.http.ext_authz'",
        ),
        in_front("lua", "lua.v3.Lua"),
        in_front("transcoder", "grpc_json_transcoder.v3.GrpcJsonTranscoder"),
        in_front("router", "router.v3.Router"),
        in_front("of-our-own", "own.v3.Own"),
        good(
            Code::FilterBeforeAuthorization,
            LISTENERS,
            CORS,
            &filter("limit", "local_ratelimit.v3.LocalRateLimit"),
        ),
        good(
            Code::FilterBeforeAuthorization,
            LISTENERS,
            CORS,
            &filter("health", "health_check.v3.HealthCheck"),
        ),
    ]
}

/// Edits of settings that the shipped gateway has.
fn values() -> Vec<Row> {
    let status = "status_on_error: {code: ServiceUnavailable}";
    let (raw, route, mutations) = (
        "encode_raw_headers: true",
        "clear_route_cache: false",
        "validate_mutations: true",
    );
    let dangerous = |code, from, to| bad(code, LISTENERS, from, to);
    let harmless = |code, from, to| good(code, LISTENERS, from, to);
    vec![
        dangerous(
            Code::AuthorizationFailsOpen,
            FAILURE,
            "failure_mode_allow: yes",
        ),
        dangerous(
            Code::AuthorizationFailsOpen,
            FAILURE,
            "failureModeAllow: true",
        ),
        dangerous(
            Code::ErrorLooksForbidden,
            status,
            "status_on_error: {code: Forbidden}",
        ),
        dangerous(
            Code::ErrorLooksForbidden,
            status,
            "status_on_error: {code: 500}",
        ),
        dangerous(Code::ErrorLooksForbidden, status, "# left out"),
        dangerous(Code::RawHeadersNotEncoded, raw, "encode_raw_headers: false"),
        dangerous(Code::RawHeadersNotEncoded, raw, "# left out"),
        dangerous(Code::RouteCacheCleared, route, "clear_route_cache: true"),
        dangerous(
            Code::MutationsNotValidated,
            mutations,
            "validate_mutations: false",
        ),
        dangerous(Code::MutationsNotValidated, mutations, "# left out"),
        harmless(Code::AuthorizationFailsOpen, FAILURE, "# left out"),
        harmless(
            Code::ErrorLooksForbidden,
            status,
            "statusOnError: {code: 503}",
        ),
        harmless(Code::RawHeadersNotEncoded, raw, "encodeRawHeaders: on"),
        harmless(Code::RouteCacheCleared, route, "# left out"),
        harmless(
            Code::MutationsNotValidated,
            mutations,
            "validateMutations: TRUE",
        ),
    ]
}

/// Settings that the shipped gateway does not have.
fn additions() -> Vec<Row> {
    let with = |field: &str| format!("{FAILURE}\n                    {field}");
    let http = "http_service: {server_uri: {uri: http://authz, cluster: authz, timeout: 1s}}";
    let half = "filter_enabled: {default_value: {numerator: 50, denominator: HUNDRED}}";
    let dangerous = |code, field| bad(code, LISTENERS, FAILURE, &with(field));
    let harmless = |code, field| good(code, LISTENERS, FAILURE, &with(field));
    let disabled = |value: &str| format!("{FILTER}\n                  disabled: {value}");
    vec![
        dangerous(Code::FailureModeTold, "failure_mode_allow_header_add: true"),
        dangerous(
            Code::BodySent,
            "with_request_body: {max_request_bytes: 1024}",
        ),
        dangerous(Code::AuthorizationOverHttp, http),
        dangerous(Code::AuthorizationSwitchable, half),
        dangerous(
            Code::AuthorizationSwitchable,
            "filter_enabled_metadata: {filter: x}",
        ),
        harmless(
            Code::FailureModeTold,
            "failure_mode_allow_header_add: false",
        ),
        harmless(Code::BodySent, "with_request_body: ~"),
        harmless(
            Code::AuthorizationOverHttp,
            "include_peer_certificate: true",
        ),
        harmless(Code::AuthorizationSwitchable, "stat_prefix: authz server"),
        bad(
            Code::AuthorizationSwitchable,
            LISTENERS,
            FILTER,
            &disabled("true"),
        ),
        good(
            Code::AuthorizationSwitchable,
            LISTENERS,
            FILTER,
            &disabled("false"),
        ),
    ]
}

fn token() -> Vec<Row> {
    let with = |field: &str| format!("{FAILURE}\n                    {field}");
    vec![
        bad(Code::TokenNotSent, LISTENERS, ALLOWED, ""),
        bad(
            Code::TokenNotSent,
            LISTENERS,
            ALLOWED,
            "{exact: Authorization}, ",
        ),
        bad(
            Code::TokenNotSent,
            LISTENERS,
            FAILURE,
            &with("disallowed_headers: {patterns: [{prefix: auth}]}"),
        ),
        good(
            Code::TokenNotSent,
            LISTENERS,
            ALLOWED,
            "{prefix: AUTH, ignore_case: true}, ",
        ),
        good(
            Code::TokenNotSent,
            LISTENERS,
            FAILURE,
            &with("disallowed_headers: {patterns: [{exact: cookie}]}"),
        ),
    ]
}
