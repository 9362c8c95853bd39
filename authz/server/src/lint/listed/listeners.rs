//! Listeners: what stands between a connection and the HttpConnectionManager.

use super::access_logs::ACCESS_LOG;
use super::tls::{DOWNSTREAM_TLS, QUIC_DOWNSTREAM};
use super::{Extensions, Rule, message};
use crate::lint::code::Code;
use crate::lint::gateway::MANAGER;

message! { LISTENER = "envoy.config.listener.v3.Listener";
    Rule::Harmless =>
        name, address, additional_addresses, stat_prefix, per_connection_buffer_limit_bytes,
        per_connection_buffer_high_watermark_timeout, drain_type, listener_filters_timeout,
        continue_on_listener_filters_timeout, transparent, freebind, socket_options,
        tcp_fast_open_queue_length, traffic_direction, reuse_port, enable_reuse_port,
        tcp_backlog_size, max_connections_to_accept_per_socket_event, bind_to_port,
        internal_listener, enable_mptcp, tcp_keepalive, deprecated_v1,
        // Limits on connections: their absence costs availability, and authorizes no request.
        ignore_global_conn_limit, bypass_overload_manager,
        // Hands a connection to another listener, which is judged like this one.
        use_original_dst;
    // Chooses one of the filter chains, each of which is judged.
    Rule::Extensible => filter_chain_matcher;
    Rule::Extensible => stats_matcher, metadata, connection_balance_config, udp_listener_config;
    Rule::Inside(&FILTER_CHAIN) => filter_chains, default_filter_chain;
    Rule::Inside(&LISTENER_FILTER) => listener_filters;
    Rule::Inside(&ACCESS_LOG) => access_log;
    Rule::Named(Code::ConfiguredElsewhere) => fcds_config;
    // Requests of a program that embeds Envoy.
    Rule::Named(Code::SettingUnlisted) => api_listener;
}

message! { FILTER_CHAIN = "envoy.config.listener.v3.FilterChain";
    Rule::Harmless => name, filter_chain_match, transport_socket_connect_timeout;
    Rule::Extensible => metadata;
    Rule::Inside(&NETWORK_FILTER) => filters;
    Rule::Typed(&DOWNSTREAM) => transport_socket;
    Rule::Named(Code::ClientAddressBelieved) => use_proxy_proto;
}

message! { NETWORK_FILTER = "envoy.config.listener.v3.Filter";
    Rule::Harmless => name;
    Rule::Any(&NETWORK) => typed_config;
    Rule::Named(Code::ConfiguredElsewhere) => config_discovery;
}

message! { LISTENER_FILTER = "envoy.config.listener.v3.ListenerFilter";
    Rule::Harmless => name, filter_disabled;
    Rule::Any(&LISTENER_FILTERS) => typed_config;
    Rule::Named(Code::ConfiguredElsewhere) => config_discovery;
}

/// Filters that refuse or count connections, and the HttpConnectionManager.
static NETWORK: Extensions = Extensions {
    whole: &[
        "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
        "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz",
        "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
        "envoy.extensions.filters.network.ratelimit.v3.RateLimit",
        "envoy.extensions.filters.network.rbac.v3.RBAC",
    ],
    judged: &[MANAGER],
    otherwise: Code::NetworkFilterUnlisted,
    ..Extensions::NONE
};

/// Filters that look at the first bytes and change nothing.
static LISTENER_FILTERS: Extensions = Extensions {
    whole: &[
        "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
        "envoy.extensions.filters.listener.local_ratelimit.v3.LocalRateLimit",
        "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    ],
    named: &[(
        "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
        Code::ClientAddressBelieved,
    )],
    otherwise: Code::ListenerFilterUnlisted,
    ..Extensions::NONE
};

static DOWNSTREAM: Extensions = Extensions {
    listed: &[&DOWNSTREAM_TLS, &QUIC_DOWNSTREAM],
    whole: &["envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"],
    ..Extensions::NONE
};
