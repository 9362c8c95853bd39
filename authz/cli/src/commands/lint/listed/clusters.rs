//! Clusters: the destinations of authorized requests.

use super::filters::UPSTREAM_FILTER;
use super::protocols::{HTTP_OPTIONS, HTTP1, HTTP2, HTTP3};
use super::tls::UPSTREAM_TLS;
use super::{Extensions, Rule, message};
use crate::commands::lint::code::Code;

const DISCOVERY: &[(&str, u64)] = &[
    ("STATIC", 0),
    ("STRICT_DNS", 1),
    ("LOGICAL_DNS", 2),
    ("EDS", 3),
];

message! { CLUSTER = "envoy.config.cluster.v3.Cluster";
    Rule::Harmless =>
        name, alt_stat_name, connect_timeout, per_connection_buffer_limit_bytes,
        per_connection_buffer_high_watermark_timeout, max_requests_per_connection, circuit_breakers,
        dns_refresh_rate, dns_jitter, dns_failure_refresh_rate, respect_dns_ttl, dns_lookup_family,
        dns_resolvers, use_tcp_for_dns_lookups, dns_resolution_config, wait_for_warm_on_init,
        cleanup_interval, upstream_connection_options, close_connections_on_host_health_failure,
        ignore_health_on_host_removal, lrs_report_endpoint_metrics, track_timeout_budgets,
        track_cluster_stats, connection_pool_per_downstream_connection,
        protocol_selection;
    // They choose an endpoint of this cluster.
    Rule::Harmless =>
        common_lb_config, lb_policy, lb_subset_config, ring_hash_lb_config, maglev_lb_config,
        least_request_lb_config, round_robin_lb_config;
    Rule::Extensible =>
        stats_matcher, queuing_policies, load_assignment, eds_cluster_config, health_checks,
        typed_dns_resolver_config, outlier_detection, upstream_bind_config,
        metadata, lrs_server, transport_socket_matcher, preconnect_policy;
    Rule::Inside(&UPSTREAM_HTTP) => upstream_http_protocol_options;
    Rule::Inside(&HTTP_OPTIONS) => common_http_protocol_options;
    Rule::Inside(&HTTP1) => http_protocol_options;
    Rule::Inside(&HTTP2) => http2_protocol_options;
    Rule::Inside(&TRANSPORT_SOCKET_MATCH) => transport_socket_matches;
    Rule::Inside(&LOAD_BALANCING) => load_balancing_policy;
    Rule::Typed(&TRANSPORTS) => transport_socket;
    Rule::Typed(&CLUSTER_TYPES) => cluster_type;
    Rule::Map(&PROTOCOLS) => typed_extension_protocol_options;
    Rule::OneOf(DISCOVERY, Code::DestinationChosenByClient) => type;
    Rule::Named(Code::DestinationChosenByClient) => original_dst_lb_config;
    Rule::Inside(&CLUSTER_FILTER) => filters;
    Rule::Typed(&Extensions::NONE) => upstream_config;
}

message! { CLUSTER_FILTER = "envoy.config.cluster.v3.Filter";
    Rule::Harmless => name;
    Rule::Any(&CLUSTER_FILTERS) => typed_config;
    Rule::Named(Code::ConfiguredElsewhere) => config_discovery;
}

static CLUSTER_FILTERS: Extensions = Extensions {
    // Istio's filter: the two ends of a connection exchange their identities, for telemetry.
    whole: &["envoy.tcp.metadataexchange.config.MetadataExchange"],
    otherwise: Code::UpstreamFilterUnlisted,
    ..Extensions::NONE
};

static CLUSTER_TYPES: Extensions = Extensions {
    whole: &[
        // Their members are clusters, which are checked.
        "envoy.extensions.clusters.aggregate.v3.ClusterConfig",
        "envoy.extensions.clusters.composite.v3.ClusterConfig",
        "envoy.extensions.clusters.dns.v3.DnsCluster",
    ],
    named: &[
        (
            "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
            Code::DestinationChosenByClient,
        ),
        (
            "envoy.extensions.clusters.original_dst.v3.OriginalDstCluster",
            Code::DestinationChosenByClient,
        ),
    ],
    ..Extensions::NONE
};

message! { LOAD_BALANCING = "envoy.config.cluster.v3.LoadBalancingPolicy";
    Rule::Inside(&LOAD_BALANCING_POLICY) => policies;
}

message! { LOAD_BALANCING_POLICY = "envoy.config.cluster.v3.LoadBalancingPolicy.Policy";
    Rule::Typed(&LOAD_BALANCERS) => typed_extension_config;
}

static LOAD_BALANCERS: Extensions = Extensions {
    whole: &[
        "envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin",
        "envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided",
        "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
        "envoy.extensions.load_balancing_policies.maglev.v3.Maglev",
        "envoy.extensions.load_balancing_policies.random.v3.Random",
        "envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash",
        "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin",
        "envoy.extensions.load_balancing_policies.subset.v3.Subset",
        "envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality",
    ],
    named: &[(
        "envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost",
        Code::DestinationChosenByClient,
    )],
    ..Extensions::NONE
};

message! { TRANSPORT_SOCKET_MATCH = "envoy.config.cluster.v3.Cluster.TransportSocketMatch";
    Rule::Harmless => name, match;
    Rule::Typed(&TRANSPORTS) => transport_socket;
}

static TRANSPORTS: Extensions = Extensions {
    listed: &[&UPSTREAM_TLS],
    whole: &["envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"],
    ..Extensions::NONE
};

static PROTOCOLS: Extensions = Extensions {
    listed: &[&UPSTREAM_PROTOCOL],
    whole: &["envoy.extensions.upstreams.tcp.v3.TcpProtocolOptions"],
    ..Extensions::NONE
};

message! { UPSTREAM_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    // It chooses an endpoint of this cluster.
    Rule::Harmless => hash_policy;
    Rule::Extensible => outlier_detection, retry_policy;
    Rule::Inside(&HTTP_OPTIONS) => common_http_protocol_options;
    Rule::Inside(&UPSTREAM_HTTP) => upstream_http_protocol_options;
    Rule::Inside(&EXPLICIT_HTTP) => explicit_http_config;
    Rule::Inside(&DOWNSTREAM_HTTP) => use_downstream_protocol_config;
    Rule::Inside(&AUTO_HTTP) => auto_config;
    Rule::Inside(&UPSTREAM_FILTER) => http_filters;
    Rule::Typed(&Extensions::NONE) => header_validation_config;
    Rule::Named(Code::RequestsMirrored) => request_mirror_policies;
}

message! { UPSTREAM_HTTP = "envoy.config.core.v3.UpstreamHttpProtocolOptions";
    Rule::Harmless => auto_sni, auto_san_validation;
    Rule::Named(Code::HostChosenByClient) => override_auto_sni_header;
}

message! { EXPLICIT_HTTP =
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig";
    Rule::Inside(&HTTP1) => http_protocol_options;
    Rule::Inside(&HTTP2) => http2_protocol_options;
    Rule::Inside(&HTTP3) => http3_protocol_options;
}

message! { DOWNSTREAM_HTTP =
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig";
    Rule::Inside(&HTTP1) => http_protocol_options;
    Rule::Inside(&HTTP2) => http2_protocol_options;
    Rule::Inside(&HTTP3) => http3_protocol_options;
}

message! { AUTO_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig";
    Rule::Extensible => alternate_protocols_cache_options;
    Rule::Inside(&HTTP1) => http_protocol_options;
    Rule::Inside(&HTTP2) => http2_protocol_options;
    Rule::Inside(&HTTP3) => http3_protocol_options;
}
