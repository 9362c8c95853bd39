//! The HttpConnectionManager.

use super::access_logs::ACCESS_LOG;
use super::matchers::STRING_MATCHER;
use super::protocols::{HTTP_OPTIONS, HTTP1, HTTP2, HTTP3};
use super::{Extensions, Rule, message};
use crate::commands::lint::code::Code;

message! { HTTP_CONNECTION_MANAGER =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    Rule::Harmless =>
        codec_type, stat_prefix, add_user_agent, http1_safe_max_connection_duration, server_name,
        server_header_transformation, max_request_headers_kb, stream_idle_timeout,
        stream_flush_timeout, request_timeout, request_headers_timeout, drain_timeout,
        drain_timeout_jitter, delayed_close_timeout, access_log_flush_interval,
        flush_access_log_on_new_request, access_log_options, via, generate_request_id,
        always_set_request_id_in_response, proxy_100_continue,
        stream_error_on_invalid_http_message, proxy_status_config, append_local_overload,
        record_route_resolution_stats;
    // Envoy writes these headers from the connection; early mutations remove a client's.
    Rule::Harmless =>
        scheme_header_transformation, forward_proto_config, append_x_forwarded_port,
        add_proxy_protocol_connection_state, set_current_client_cert_details,
        represent_ipv4_remote_address_as_ipv4_mapped_ipv6;
    // Decide from which clients Envoy keeps `x-envoy-` headers and request ids. Early mutations
    // remove them, or there is a finding.
    Rule::Harmless => internal_address_config, preserve_external_request_id;
    // Applied before Envoy chooses the route and calls the authz server, so all see one host.
    Rule::Harmless => strip_matching_host_port, strip_any_host_port, strip_trailing_host_dot;
    Rule::Checked =>
        rds, route_config, scoped_routes, http_filters, use_remote_address, xff_num_trusted_hops,
        upgrade_configs, normalize_path, merge_slashes, path_with_escaped_slashes_action;
    Rule::Inside(&ACCESS_LOG) => access_log;
    Rule::Inside(&TRACING) => tracing;
    Rule::Inside(&HTTP_OPTIONS) => common_http_protocol_options;
    Rule::Inside(&HTTP1) => http_protocol_options;
    Rule::Inside(&HTTP2) => http2_protocol_options;
    Rule::Inside(&HTTP3) => http3_protocol_options;
    // Changes Envoy's own responses.
    Rule::Extensible => local_reply_config;
    Rule::Typed(&EARLY_MUTATIONS) => early_header_mutation_extensions;
    Rule::Typed(&ADDRESS_DETECTION) => original_ip_detection_extensions;
    Rule::Typed(&REQUEST_IDS) => request_id_extension;
    Rule::Named(Code::ClientAddressBelieved) => skip_xff_append;
    Rule::OneOf(&[("SANITIZE", 0), ("SANITIZE_SET", 3)], Code::ClientCertificateBelieved) =>
        forward_client_cert_details;
    Rule::Named(Code::ClientCertificateBelieved) => forward_client_cert_matcher;
    Rule::Named(Code::SettingUnlisted) => path_normalization_options;
    Rule::Typed(&Extensions::NONE) => typed_header_validation_config;
}

message! { TRACING =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing";
    Rule::Harmless =>
        client_sampling, random_sampling, overall_sampling, verbose, max_path_tag_length,
        spawn_upstream_span, operation, upstream_operation, no_context_propagation;
    // Checked in `logs`.
    Rule::Checked => custom_tags;
    Rule::Extensible => provider;
}

static EARLY_MUTATIONS: Extensions = Extensions {
    listed: &[&EARLY_MUTATION],
    ..Extensions::NONE
};

message! { EARLY_MUTATION =
    "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
    Rule::Inside(&HEADER_MUTATION) => mutations;
}

message! { HEADER_MUTATION = "envoy.config.common.mutation_rules.v3.HeaderMutation";
    Rule::Checked => remove, append;
    Rule::Inside(&REMOVE_ON_MATCH) => remove_on_match;
}

message! { REMOVE_ON_MATCH = "envoy.config.common.mutation_rules.v3.HeaderMutation.RemoveOnMatch";
    Rule::Inside(&STRING_MATCHER) => key_matcher;
}

static ADDRESS_DETECTION: Extensions = Extensions {
    listed: &[&XFF],
    named: &[(
        "envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig",
        Code::ClientAddressBelieved,
    )],
    ..Extensions::NONE
};

message! { XFF = "envoy.extensions.http.original_ip_detection.xff.v3.XffConfig";
    Rule::Checked => xff_num_trusted_hops, xff_trusted_cidrs;
    Rule::Named(Code::ClientAddressBelieved) => skip_xff_append;
}

static REQUEST_IDS: Extensions = Extensions {
    whole: &["envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig"],
    ..Extensions::NONE
};
