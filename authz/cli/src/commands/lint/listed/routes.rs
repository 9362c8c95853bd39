//! Route configurations, virtual hosts, routes and their actions.

use super::matchers::{HEADER_MATCHER, REGEX_MATCHER};
use super::per_route::PER_ROUTE;
use super::{Rule, message};
use crate::commands::lint::code::Code;

message! { ROUTE_CONFIGURATION = "envoy.config.route.v3.RouteConfiguration";
    Rule::Harmless =>
        name, internal_only_headers, response_headers_to_add, response_headers_to_remove,
        most_specific_header_mutations_wins, validate_clusters, max_direct_response_body_size_bytes,
        ignore_port_in_host_matching;
    Rule::Extensible => metadata;
    Rule::Checked => virtual_hosts, vhds, request_headers_to_add, request_headers_to_remove;
    Rule::Map(&PER_ROUTE) => typed_per_filter_config;
    Rule::Named(Code::ClusterChosenElsewhere) => cluster_specifier_plugins, route_specifiers;
    Rule::Named(Code::RequestsMirrored) => request_mirror_policies;
    Rule::Named(Code::HostChosenByClient) => vhost_header;
    Rule::Named(Code::PathParametersIgnored) => ignore_path_parameters_in_path_matching;
}

message! { VIRTUAL_HOST = "envoy.config.route.v3.VirtualHost";
    Rule::Harmless =>
        name, domains, require_tls, response_headers_to_add, response_headers_to_remove,
        include_request_attempt_count, include_attempt_count_in_response, hedge_policy,
        include_is_timeout_retry_header, per_request_buffer_limit_bytes, request_body_buffer_limit;
    // A retry goes to the authorized cluster.
    Rule::Extensible => retry_policy, retry_policy_typed_config;
    Rule::Extensible => virtual_clusters, rate_limits, cors, metadata;
    Rule::Checked => routes, matcher, request_headers_to_add, request_headers_to_remove;
    Rule::Map(&PER_ROUTE) => typed_per_filter_config;
    Rule::Named(Code::ClusterChosenElsewhere) => route_specifiers;
    Rule::Named(Code::RequestsMirrored) => request_mirror_policies;
}

message! { ROUTE = "envoy.config.route.v3.Route";
    Rule::Harmless =>
        name, decorator, response_headers_to_add, response_headers_to_remove, tracing,
        per_request_buffer_limit_bytes, stat_prefix, request_body_buffer_limit;
    // These requests reach no service.
    Rule::Harmless => redirect;
    Rule::Extensible => direct_response;
    Rule::Extensible => metadata;
    Rule::Checked => request_headers_to_add, request_headers_to_remove;
    Rule::Inside(&ROUTE_MATCH) => match;
    Rule::Inside(&ROUTE_ACTION) => route;
    Rule::Map(&PER_ROUTE) => typed_per_filter_config;
    Rule::Named(Code::ClusterChosenElsewhere) => route_specifiers;
    Rule::Named(Code::SettingUnlisted) => filter_action, non_forwarding_action;
}

message! { ROUTE_MATCH = "envoy.config.route.v3.RouteMatch";
    // One more condition: fewer requests take this route, and the others take a route with its own
    // policy.
    Rule::Harmless => runtime_fraction, grpc, tls_context;
    Rule::Extensible => query_parameters, cookies, dynamic_metadata, filter_state;
    Rule::Checked => prefix, path, path_separated_prefix, case_sensitive;
    Rule::Inside(&REGEX_MATCHER) => safe_regex;
    Rule::Inside(&HEADER_MATCHER) => headers;
    Rule::Named(Code::UpgradesEnabled) => connect_matcher;
    Rule::Named(Code::SettingUnlisted) => path_match_policy;
}

message! { ROUTE_ACTION = "envoy.config.route.v3.RouteAction";
    Rule::Harmless =>
        cluster_not_found_response_code, append_x_forwarded_host, timeout, idle_timeout,
        flush_timeout, priority, include_vh_rate_limits, max_grpc_timeout, grpc_timeout_offset,
        hedge_policy, max_stream_duration;
    // Chooses an endpoint of the authorized cluster.
    Rule::Harmless => hash_policy;
    Rule::Extensible => metadata_match, retry_policy, retry_policy_typed_config, rate_limits, cors;
    // The configuration chooses the host, not the client.
    Rule::Harmless => host_rewrite_literal, auto_host_rewrite;
    Rule::Checked =>
        cluster, cluster_header, prefix_rewrite, regex_rewrite, host_rewrite, upgrade_configs;
    Rule::Inside(&WEIGHTED_CLUSTER) => weighted_clusters;
    Rule::Named(Code::ClusterChosenElsewhere) =>
        cluster_specifier_plugin, inline_cluster_specifier_plugin;
    Rule::Named(Code::RewriteNotSignable) => path_rewrite_policy, path_rewrite;
    Rule::Named(Code::HostChosenByClient) => host_rewrite_header, host_rewrite_path_regex;
    Rule::Named(Code::RequestsMirrored) => request_mirror_policies;
    Rule::Named(Code::RedirectsFollowed) =>
        internal_redirect_policy, internal_redirect_action, max_internal_redirects;
    Rule::Named(Code::SettingUnlisted) => early_data_policy;
}

message! { WEIGHTED_CLUSTER = "envoy.config.route.v3.WeightedCluster";
    Rule::Harmless => total_weight, runtime_key_prefix, use_hash_policy;
    Rule::Inside(&CLUSTER_WEIGHT) => clusters;
    Rule::Named(Code::ClusterChosenByClient) => header_name;
}

message! { CLUSTER_WEIGHT = "envoy.config.route.v3.WeightedCluster.ClusterWeight";
    Rule::Harmless =>
        weight, response_headers_to_add, response_headers_to_remove, host_rewrite_literal;
    Rule::Extensible => metadata_match;
    Rule::Checked => name, cluster_header, request_headers_to_add, request_headers_to_remove;
    Rule::Map(&PER_ROUTE) => typed_per_filter_config;
}
