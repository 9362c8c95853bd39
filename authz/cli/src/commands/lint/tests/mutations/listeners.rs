//! Mutations of listeners and their network filters.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Mutation, any, extension, harmless, named};
use crate::commands::lint::code::Code;

const NETWORK: &str = "envoy.extensions.filters.network";
const LISTENER: &str = "envoy.extensions.filters.listener";
const TLS: &str = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";

pub(super) fn rows() -> Vec<Mutation> {
    [
        network_filters(),
        listener_filters(),
        listener_fields(),
        tls(),
        logs(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn network(name: &str, fields: Value) -> Value {
    extension(&format!("{NETWORK}.{name}"), fields)
}

fn network_filters() -> Vec<Mutation> {
    let code = Code::NetworkFilterUnlisted;
    let tcp = || {
        network(
            "tcp_proxy.v3.TcpProxy",
            json!({"stat_prefix": "t", "cluster": "task-api"}),
        )
    };
    let first = |name, filter| named(name, Part::Chain, Edit::First("/filters", filter), code);
    let rejects = |name, filter| {
        harmless(
            name,
            Part::Chain,
            Edit::First("/filters", filter),
            "rejects connections, and passes none",
        )
    };
    vec![
        named(
            "tcp_proxy instead of the manager",
            Part::Chain,
            Edit::Set("/filters", json!([tcp()])),
            code,
        )
        .and(Code::ListenerMissing),
        first("tcp_proxy before the manager", tcp()),
        named(
            "tcp_proxy in a second filter chain",
            Part::Listener,
            Edit::Last("/filter_chains", json!({"filters": [tcp()]})),
            code,
        ),
        named(
            "tcp_proxy in the default filter chain",
            Part::Listener,
            Edit::Set("/default_filter_chain", json!({"filters": [tcp()]})),
            code,
        ),
        first("network wasm", network("wasm.v3.Wasm", json!({}))),
        first(
            "network dynamic module",
            network("dynamic_modules.v3.DynamicModuleNetworkFilter", json!({})),
        ),
        first(
            "network ext_proc",
            network("ext_proc.v3.NetworkExternalProcessor", json!({})),
        ),
        first(
            "redis_proxy",
            network("redis_proxy.v3.RedisProxy", json!({})),
        ),
        first(
            "thrift_proxy",
            network("thrift_proxy.v3.ThriftProxy", json!({})),
        ),
        first(
            "generic_proxy",
            network("generic_proxy.v3.GenericProxy", json!({})),
        ),
        first(
            "reverse_tunnel",
            network("reverse_tunnel.v3.ReverseTunnel", json!({})),
        ),
        first(
            "sni_cluster",
            network("sni_cluster.v3.SniCluster", json!({})),
        ),
        first(
            "sni_dynamic_forward_proxy",
            network("sni_dynamic_forward_proxy.v3.FilterConfig", json!({})),
        ),
        first(
            "set_filter_state of the network",
            network("set_filter_state.v3.Config", json!({})),
        ),
        first("echo", network("echo.v3.Echo", json!({}))),
        first(
            "direct_response of the network",
            network("direct_response.v3.Config", json!({})),
        ),
        first(
            "a network filter of a later Envoy",
            network("unheard_of.v3.Filter", json!({})),
        ),
        first(
            "a network filter without a type",
            json!({"name": "extra", "typed_config": {}}),
        ),
        rejects(
            "network rbac",
            network("rbac.v3.RBAC", json!({"stat_prefix": "r"})),
        ),
        rejects(
            "connection_limit",
            network(
                "connection_limit.v3.ConnectionLimit",
                json!({"stat_prefix": "c"}),
            ),
        ),
        rejects(
            "network local_ratelimit",
            network(
                "local_ratelimit.v3.LocalRateLimit",
                json!({"stat_prefix": "l"}),
            ),
        ),
        named(
            "a network filter from elsewhere",
            Part::Chain,
            Edit::First(
                "/filters",
                json!({"name": "x", "config_discovery": {"type_urls": ["x"]}}),
            ),
            Code::ConfiguredElsewhere,
        ),
    ]
}

fn listener_filters() -> Vec<Mutation> {
    let add = |filter| Edit::Last("/listener_filters", filter);
    let of = |name: &str| extension(&format!("{LISTENER}.{name}"), json!({}));
    let unlisted = |name, filter| {
        named(
            name,
            Part::Listener,
            add(filter),
            Code::ListenerFilterUnlisted,
        )
    };
    let looks = |name, filter| {
        harmless(
            name,
            Part::Listener,
            add(filter),
            "inspects the first bytes, and changes nothing",
        )
    };
    vec![
        named(
            "proxy_protocol",
            Part::Listener,
            add(of("proxy_protocol.v3.ProxyProtocol")),
            Code::ClientAddressBelieved,
        ),
        unlisted("original_dst filter", of("original_dst.v3.OriginalDst")),
        unlisted("original_src filter", of("original_src.v3.OriginalSrc")),
        unlisted(
            "set_filter_state of the listener",
            of("set_filter_state.v3.Config"),
        ),
        unlisted(
            "a dynamic module of the listener",
            of("dynamic_modules.v3.DynamicModuleListenerFilter"),
        ),
        looks("tls_inspector", of("tls_inspector.v3.TlsInspector")),
        looks("http_inspector", of("http_inspector.v3.HttpInspector")),
        named(
            "a listener filter from elsewhere",
            Part::Listener,
            add(json!({"name": "x", "config_discovery": {"type_urls": ["x"]}})),
            Code::ConfiguredElsewhere,
        ),
    ]
}

fn listener_fields() -> Vec<Mutation> {
    let set = |name, field, value, code| named(name, Part::Listener, Edit::Set(field, value), code);
    let fine =
        |name, field, value, why| harmless(name, Part::Listener, Edit::Set(field, value), why);
    let choice = json!({"on_no_match": {"action": {"name": "a",
        "typed_config": any(
            "envoy.extensions.matching.input_matchers.dynamic_modules.v3.X", json!({}))}}});
    vec![
        set(
            "filter chains from elsewhere",
            "/fcds_config",
            json!({"name": "x"}),
            Code::ConfiguredElsewhere,
        ),
        set(
            "api_listener",
            "/api_listener",
            json!({"api_listener": {}}),
            Code::SettingUnlisted,
        ),
        set(
            "a field of the listener that Envoy does not have",
            "/acess_log",
            json!([]),
            Code::SettingUnknown,
        ),
        set(
            "a dynamic module chooses the filter chain",
            "/filter_chain_matcher",
            choice,
            Code::ExtensionUnlisted,
        ),
        named(
            "use_proxy_proto",
            Part::Chain,
            Edit::Set("/use_proxy_proto", json!(true)),
            Code::ClientAddressBelieved,
        ),
        harmless(
            "use_proxy_proto off",
            Part::Chain,
            Edit::Set("/use_proxy_proto", json!(false)),
            "the default of Envoy",
        ),
        fine(
            "use_original_dst",
            "/use_original_dst",
            json!(true),
            "the other listener is checked too",
        ),
        fine(
            "another address",
            "/additional_addresses",
            json!([{"address": {}}]),
            "the same filter chains serve it",
        ),
        fine(
            "no connection limit",
            "/ignore_global_conn_limit",
            json!(true),
            "costs availability, and authorizes nothing",
        ),
        fine(
            "a chain chosen by name",
            "/filter_chain_matcher",
            json!({"on_no_match": {}}),
            "each filter chain is checked",
        ),
        fine(
            "QUIC",
            "/udp_listener_config",
            json!({"quic_options": {}}),
            "its manager is checked like any other",
        ),
    ]
}

fn tls() -> Vec<Mutation> {
    let socket =
        |type_name: &str, fields| Edit::Set("/transport_socket", extension(type_name, fields));
    let weak = |name, common: Value| {
        let edit = socket(TLS, json!({"common_tls_context": common}));
        named(name, Part::Chain, edit, Code::TlsWeakened)
    };
    let sockets = "envoy.extensions.transport_sockets";
    vec![
        weak(
            "TLS 1.0",
            json!({"tls_params": {"tls_minimum_protocol_version": "TLSv1_0"}}),
        ),
        weak(
            "TLS 1.1 at most",
            json!({"tls_params": {"tls_maximum_protocol_version": 2}}),
        ),
        weak(
            "a log of TLS keys",
            json!({"key_log": {"path": "/tmp/keys"}}),
        ),
        weak(
            "clients' certificates without a check",
            json!({"validation_context": {"trust_chain_verification": "ACCEPT_UNTRUSTED"}}),
        ),
        weak(
            "clients' certificates that have expired",
            json!({"combined_validation_context":
            {"default_validation_context": {"allow_expired_certificate": true}}}),
        ),
        named(
            "a TLS handshaker of another's",
            Part::Chain,
            socket(
                TLS,
                json!({"common_tls_context":
                    {"custom_handshaker": extension("x.v3.X", json!({}))}}),
            ),
            Code::ExtensionUnlisted,
        ),
        named(
            "early data over QUIC",
            Part::Chain,
            socket(
                &format!("{sockets}.quic.v3.QuicDownstreamTransport"),
                json!({"enable_early_data": true}),
            ),
            Code::TlsWeakened,
        ),
        named(
            "early data over QUIC, as by default",
            Part::Chain,
            socket(
                &format!("{sockets}.quic.v3.QuicDownstreamTransport"),
                json!({"downstream_tls_context": {}}),
            ),
            Code::TlsWeakened,
        ),
        harmless(
            "QUIC without early data",
            Part::Chain,
            socket(
                &format!("{sockets}.quic.v3.QuicDownstreamTransport"),
                json!({"enable_early_data": false}),
            ),
            "nothing that was recorded can be sent a second time",
        ),
        named(
            "a tap of each connection",
            Part::Chain,
            socket(&format!("{sockets}.tap.v3.Tap"), json!({})),
            Code::ExtensionUnlisted,
        ),
        harmless(
            "TLS 1.2 and later",
            Part::Chain,
            socket(
                TLS,
                json!({"common_tls_context": {
                    "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                    "tls_certificate_sds_secret_configs": [{"name": "gateway"}]},
                    "require_client_certificate": true}),
            ),
            "what the option `tls` writes, and a client certificate",
        ),
        harmless(
            "plain text",
            Part::Chain,
            socket(&format!("{sockets}.raw_buffer.v3.RawBuffer"), json!({})),
            "the default without TLS",
        ),
    ]
}

fn logs() -> Vec<Mutation> {
    let logger =
        |name: &str, fields| extension(&format!("envoy.extensions.access_loggers.{name}"), fields);
    let add = |part, name, logger, code| named(name, part, Edit::Last("/access_log", logger), code);
    let secret =
        json!({"log_format": {"text_format_source": {"inline_string": "%REQ(Authorization)%"}}});
    vec![
        add(
            Part::Manager,
            "the token in the access log",
            logger("stream.v3.StdoutAccessLog", secret.clone()),
            Code::TokenLogged,
        ),
        add(
            Part::Listener,
            "the token in the listener's log",
            logger("file.v3.FileAccessLog", secret),
            Code::TokenLogged,
        ),
        add(
            Part::Manager,
            "the assertion in a log over gRPC",
            logger(
                "grpc.v3.HttpGrpcAccessLogConfig",
                json!({"additional_request_headers_to_log": ["X-Portcullis-Assertion"]}),
            ),
            Code::TokenLogged,
        ),
        add(
            Part::Manager,
            "a wasm logger",
            logger("wasm.v3.WasmAccessLog", json!({})),
            Code::ExtensionUnlisted,
        ),
        add(
            Part::Manager,
            "a dynamic module formats the log",
            logger(
                "stream.v3.StdoutAccessLog",
                json!({"log_format": {"formatters":
                [extension("envoy.extensions.formatter.dynamic_modules.v3.X", json!({}))]}}),
            ),
            Code::ExtensionUnlisted,
        ),
        harmless(
            "a second log, to a file",
            Part::Manager,
            Edit::Last(
                "/access_log",
                logger("file.v3.FileAccessLog", json!({"path": "/dev/stdout"})),
            ),
            "writes log entries without secrets",
        ),
    ]
}
