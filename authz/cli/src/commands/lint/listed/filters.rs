//! HTTP filters: before ext_authz, behind it, and of upstream connections.

use super::access_logs::ACCESS_LOG;
use super::{Extensions, Message, Rule, message};
use crate::commands::lint::code::Code;

pub(in crate::commands::lint) const EXT_AUTHZ_TYPE: &str =
    "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz";
const HTTP_FILTER: &str = "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter";

/// Filters that reject or count requests, answer preflights and health checks, or change only
/// bodies. Other filters, such as lua, ext_proc, wasm, header_mutation and grpc_json_transcoder,
/// may answer for the service, or change what the authz server and the service verify.
const HARMLESS: &[&str] = &[
    "envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency",
    "envoy.extensions.filters.http.admission_control.v3.AdmissionControl",
    "envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit",
    "envoy.extensions.filters.http.buffer.v3.Buffer",
    "envoy.extensions.filters.http.compressor.v3.Compressor",
    "envoy.extensions.filters.http.cors.v3.Cors",
    "envoy.extensions.filters.http.csrf.v3.CsrfPolicy",
    "envoy.extensions.filters.http.fault.v3.HTTPFault",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
    "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
    "envoy.extensions.filters.http.health_check.v3.HealthCheck",
    "envoy.extensions.filters.http.ratelimit.v3.RateLimit",
    "envoy.extensions.filters.http.rbac.v3.RBAC",
    // Istio's filter: chooses the protocol of the connection to the service.
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
];

static FRONT: Extensions = Extensions {
    listed: &[&EXT_AUTHZ, &LOCAL_RATE_LIMIT],
    whole: HARMLESS,
    otherwise: Code::FilterBeforeAuthorization,
    ..Extensions::NONE
};

/// Does not list caches either, because they give one caller the answer to another.
static BEHIND: Extensions = Extensions {
    listed: &[&EXT_AUTHZ, &LOCAL_RATE_LIMIT, &ROUTER],
    whole: HARMLESS,
    otherwise: Code::FilterBehindAuthorization,
    ..Extensions::NONE
};

static UPSTREAM: Extensions = Extensions {
    whole: &[
        "envoy.extensions.filters.http.admission_control.v3.AdmissionControl",
        "envoy.extensions.filters.http.buffer.v3.Buffer",
        "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
    ],
    otherwise: Code::UpstreamFilterUnlisted,
    ..Extensions::NONE
};

/// A filter before ext_authz, or ext_authz itself.
pub(in crate::commands::lint) static FRONT_FILTER: Message =
    http_filter(&[(Rule::Any(&FRONT), &["typed_config"]), OTHERS, ELSEWHERE]);
/// A filter behind ext_authz.
pub(in crate::commands::lint) static BEHIND_FILTER: Message =
    http_filter(&[(Rule::Any(&BEHIND), &["typed_config"]), OTHERS, ELSEWHERE]);
/// A filter of upstream connections, of a cluster or of the router for all clusters.
pub(in crate::commands::lint) static UPSTREAM_FILTER: Message =
    http_filter(&[(Rule::Any(&UPSTREAM), &["typed_config"]), OTHERS, ELSEWHERE]);

type Group = (Rule, &'static [&'static str]);
/// `authorization` checks `disabled` of ext_authz. In other filters it opens nothing.
const OTHERS: Group = (Rule::Checked, &["name", "is_optional", "disabled"]);
const ELSEWHERE: Group = (
    Rule::Named(Code::ConfiguredElsewhere),
    &["config_discovery"],
);

const fn http_filter(groups: &'static [Group]) -> Message {
    Message {
        name: HTTP_FILTER,
        groups,
    }
}

message! { EXT_AUTHZ = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz";
    // Attributes that Envoy sends to the authz server besides the request.
    Rule::Harmless =>
        transport_api_version, metadata_context_namespaces, typed_metadata_context_namespaces,
        route_metadata_context_namespaces, route_typed_metadata_context_namespaces,
        include_peer_certificate, include_tls_session, bootstrap_metadata_labels_key;
    Rule::Harmless =>
        stat_prefix, charge_cluster_response_stats, filter_metadata, emit_filter_state_stats,
        emit_client_span, max_denied_response_body_bytes, enforce_response_header_limits;
    // Denies requests where the filter is disabled.
    Rule::Harmless => deny_at_disable;
    // Limit what the CheckResponse may change. Envoy trusts the authz server without them too.
    Rule::Harmless => decoder_header_mutation_rules, enable_dynamic_metadata_ingestion;
    Rule::Checked =>
        http_service, failure_mode_allow, failure_mode_allow_header_add, with_request_body,
        clear_route_cache, status_on_error, validate_mutations, filter_enabled,
        filter_enabled_metadata, allowed_headers, disallowed_headers, encode_raw_headers;
    Rule::Inside(&GRPC_SERVICE) => grpc_service;
    Rule::Named(Code::AuthorizationNotEnforced) => shadow_mode;
    Rule::Named(Code::RouteCacheCleared) => clear_route_cache_headers;
}

message! { GRPC_SERVICE = "envoy.config.core.v3.GrpcService";
    Rule::Harmless => timeout, initial_metadata;
    Rule::Extensible => retry_policy;
    Rule::Inside(&ENVOY_GRPC) => envoy_grpc;
    // A connection outside the clusters, which are checked.
    Rule::Named(Code::SettingUnlisted) => google_grpc;
}

message! { ENVOY_GRPC = "envoy.config.core.v3.GrpcService.EnvoyGrpc";
    Rule::Harmless => cluster_name, authority, max_receive_message_length, skip_envoy_headers;
    Rule::Extensible => retry_policy;
}

message! { LOCAL_RATE_LIMIT = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
    Rule::Harmless =>
        stat_prefix, status, token_bucket, filter_enabled, filter_enforced, response_headers_to_add,
        descriptors, stage, local_rate_limit_per_downstream_connection, local_cluster_rate_limit,
        enable_x_ratelimit_headers, vh_rate_limits, always_consume_default_token_bucket,
        rate_limited_as_resource_exhausted, max_dynamic_descriptors, enable_retry_after_header;
    Rule::Extensible => rate_limits;
    Rule::Named(Code::IdentityHeadersAdded) => request_headers_to_add_when_not_enforced;
}

message! { ROUTER = "envoy.extensions.filters.http.router.v3.Router";
    Rule::Harmless =>
        dynamic_stats, start_child_span, upstream_log_options, suppress_envoy_headers,
        strict_check_headers, respect_expected_rq_timeout, suppress_grpc_request_failure_code_stats,
        reject_connect_request_early_data;
    Rule::Inside(&ACCESS_LOG) => upstream_log;
    Rule::Inside(&UPSTREAM_FILTER) => upstream_http_filters;
}
