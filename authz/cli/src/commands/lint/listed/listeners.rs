//! Listeners, their filter chains, and filters before the HttpConnectionManager.

use super::access_logs::ACCESS_LOG;
use super::tls::{DOWNSTREAM_TLS, QUIC_DOWNSTREAM};
use super::{Extensions, Rule, message};
use crate::commands::lint::code::Code;
use crate::commands::lint::gateway::MANAGER;

message! { LISTENER = "envoy.config.listener.v3.Listener";
    Rule::Harmless =>
        name, address, additional_addresses, stat_prefix, per_connection_buffer_limit_bytes,
        per_connection_buffer_high_watermark_timeout, drain_type, listener_filters_timeout,
        continue_on_listener_filters_timeout, transparent, freebind, socket_options,
        tcp_fast_open_queue_length, traffic_direction, reuse_port, enable_reuse_port,
        tcp_backlog_size, max_connections_to_accept_per_socket_event, bind_to_port,
        internal_listener, enable_mptcp, tcp_keepalive, deprecated_v1,
        // Lift limits on connections, which costs availability but authorizes no request.
        ignore_global_conn_limit, bypass_overload_manager,
        // Hands a connection to another listener, which is checked like this one.
        use_original_dst;
    // Chooses a filter chain; each of them is checked.
    Rule::Extensible => filter_chain_matcher;
    Rule::Extensible => stats_matcher, metadata, connection_balance_config, udp_listener_config;
    Rule::Inside(&FILTER_CHAIN) => filter_chains, default_filter_chain;
    Rule::Inside(&LISTENER_FILTER) => listener_filters;
    Rule::Inside(&ACCESS_LOG) => access_log;
    Rule::Named(Code::ConfiguredElsewhere) => fcds_config;
    // Takes requests from a program that embeds Envoy.
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

/// Filters that reject or count connections, and the HttpConnectionManager.
static NETWORK: Extensions = Extensions {
    whole: &[
        "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
        "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz",
        "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
        "envoy.extensions.filters.network.ratelimit.v3.RateLimit",
        "envoy.extensions.filters.network.rbac.v3.RBAC",
    ],
    checked: &[MANAGER],
    otherwise: Code::NetworkFilterUnlisted,
    ..Extensions::NONE
};

/// Filters that inspect the first bytes or count connections, and change nothing.
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
