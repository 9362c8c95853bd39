//! Mutations of clusters.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Mutation, any, extension, harmless, named};
use crate::commands::lint::code::Code;

const AUDIT: Part = Part::Cluster("audit");
const PROTOCOL: &str =
    "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const TLS: &str = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

pub(super) fn rows() -> Vec<Mutation> {
    [destinations(), filters(), tls(), others()]
        .into_iter()
        .flatten()
        .collect()
}

fn set(name: &'static str, pointer: &'static str, value: Value, code: Code) -> Mutation {
    named(name, AUDIT, Edit::Set(pointer, value), code)
}

fn fine(name: &'static str, pointer: &'static str, value: Value, why: &'static str) -> Mutation {
    harmless(name, AUDIT, Edit::Set(pointer, value), why)
}

fn destinations() -> Vec<Mutation> {
    let client = Code::DestinationChosenByClient;
    let kind = |name: &str| extension(&format!("envoy.extensions.clusters.{name}"), json!({}));
    let balancer = |name: &str, fields| {
        let policy = extension(
            &format!("envoy.extensions.load_balancing_policies.{name}"),
            fields,
        );
        json!({"policies": [{"typed_extension_config": policy}]})
    };
    let inner =
        json!({"endpoint_picking_policy": balancer("override_host.v3.OverrideHost", json!({}))});
    let names = "/load_balancing_policy";
    vec![
        set(
            "the original destination",
            "/type",
            json!("ORIGINAL_DST"),
            client,
        ),
        set(
            "the original destination, by number",
            "/type",
            json!(4),
            client,
        ),
        set(
            "the destination from a header",
            "/original_dst_lb_config",
            json!({"use_http_header": true}),
            client,
        ),
        set(
            "a cluster that is a forward proxy",
            "/cluster_type",
            kind("dynamic_forward_proxy.v3.ClusterConfig"),
            client,
        ),
        set(
            "the original destination, as an extension",
            "/cluster_type",
            kind("original_dst.v3.OriginalDstCluster"),
            client,
        ),
        set(
            "a cluster by a module",
            "/cluster_type",
            kind("dynamic_modules.v3.ClusterConfig"),
            Code::ExtensionUnlisted,
        ),
        set(
            "the endpoint from a header",
            names,
            balancer("override_host.v3.OverrideHost", json!({})),
            client,
        ),
        set(
            "the endpoint from a header, inside",
            names,
            balancer("wrr_locality.v3.WrrLocality", inner),
            Code::ExtensionUnlisted,
        ),
        set(
            "a balancer by a module",
            names,
            balancer("dynamic_modules.v3.X", json!({})),
            Code::ExtensionUnlisted,
        ),
        set(
            "the SNI from a header",
            "/typed_extension_protocol_options/\
             envoy.extensions.upstreams.http.v3.HttpProtocolOptions/\
             upstream_http_protocol_options/override_auto_sni_header",
            json!("x-host"),
            Code::HostChosenByClient,
        ),
        fine(
            "names",
            "/type",
            json!("STRICT_DNS"),
            "the configuration names the host",
        ),
        fine(
            "names, as an extension",
            "/cluster_type",
            kind("dns.v3.DnsCluster"),
            "the configuration names the host",
        ),
        fine(
            "a cluster of clusters",
            "/cluster_type",
            kind("aggregate.v3.ClusterConfig"),
            "each cluster is checked",
        ),
        fine(
            "endpoints in turn",
            names,
            balancer("round_robin.v3.RoundRobin", json!({})),
            "chooses among the endpoints",
        ),
        fine(
            "endpoints by hash",
            "/lb_policy",
            json!("RING_HASH"),
            "chooses among the endpoints",
        ),
    ]
}

fn filters() -> Vec<Mutation> {
    let code = Code::UpstreamFilterUnlisted;
    let filter = |name: &str| {
        json!([extension(
            &format!("envoy.extensions.filters.http.{name}"),
            json!({})
        )])
    };
    let at = "/typed_extension_protocol_options/\
              envoy.extensions.upstreams.http.v3.HttpProtocolOptions/http_filters";
    vec![
        set(
            "header_mutation before the service",
            at,
            filter("header_mutation.v3.HeaderMutation"),
            code,
        ),
        set("lua before the service", at, filter("lua.v3.Lua"), code),
        set(
            "a cache before the service",
            at,
            filter("cache.v3.CacheConfig"),
            code,
        ),
        set(
            "a filter from elsewhere before the service",
            at,
            json!([{"name": "x", "config_discovery": {}}]),
            Code::ConfiguredElsewhere,
        ),
        set(
            "a network filter before the service",
            "/filters",
            json!([extension("x.v3.X", json!({}))]),
            code,
        ),
        set(
            "a mirror of the cluster",
            "/typed_extension_protocol_options/\
             envoy.extensions.upstreams.http.v3.HttpProtocolOptions/request_mirror_policies",
            json!([{"cluster": "task-api"}]),
            Code::RequestsMirrored,
        ),
        set(
            "another way to speak HTTP",
            "/upstream_config",
            extension("x.v3.X", json!({})),
            Code::ExtensionUnlisted,
        ),
        set(
            "trailers to the service",
            "/typed_extension_protocol_options/\
             envoy.extensions.upstreams.http.v3.HttpProtocolOptions/\
             explicit_http_config/http_protocol_options/enable_trailers",
            json!(true),
            Code::TrailersPass,
        ),
        set(
            "another protocol",
            PROTOCOL,
            any("x.v3.X", json!({})),
            Code::ExtensionUnlisted,
        ),
        fine(
            "the codec before the service",
            at,
            filter("upstream_codec.v3.UpstreamCodec"),
            "the filter that Envoy puts there itself",
        ),
    ]
}

fn tls() -> Vec<Mutation> {
    let weak = |name, fields| {
        set(
            name,
            "/transport_socket",
            extension(TLS, fields),
            Code::TlsWeakened,
        )
    };
    let ca = || json!({"trusted_ca": {"filename": "ca.crt"}});
    vec![
        weak(
            "a service without certificate validation",
            json!({"common_tls_context": {}}),
        ),
        weak(
            "a service with any certificate",
            json!({"common_tls_context":
                {"validation_context": {"trust_chain_verification": "ACCEPT_UNTRUSTED"}}}),
        ),
        weak(
            "renegotiation",
            json!({"allow_renegotiation": true,
                "common_tls_context": {"validation_context": ca()}}),
        ),
        weak(
            "TLS 1.1 to the service",
            json!({"common_tls_context": {"validation_context": ca(),
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_1"}}}),
        ),
        set(
            "a service that is believed by another's code",
            "/transport_socket",
            extension(
                TLS,
                json!({"common_tls_context":
            {"validation_context": {"custom_validator_config": extension("x.v3.X", json!({}))}}}),
            ),
            Code::ExtensionUnlisted,
        ),
        set(
            "a service without certificate validation, for some endpoints",
            "/transport_socket_matches",
            json!([{"name": "m",
            "transport_socket": extension(TLS, json!({"common_tls_context": {}}))}]),
            Code::TlsWeakened,
        ),
        fine(
            "TLS to the service",
            "/transport_socket",
            extension(
                TLS,
                json!({"auto_host_sni": true, "auto_sni_san_validation": true,
            "common_tls_context":
                {"validation_context_sds_secret_config": {"name": "authority-of-services"}}}),
            ),
            "what the option `upstream-tls` writes",
        ),
    ]
}

fn others() -> Vec<Mutation> {
    vec![
        set(
            "a field of the cluster that Envoy does not have",
            "/load_assignments",
            json!({}),
            Code::SettingUnknown,
        ),
        set(
            "a health check by a module",
            "/health_checks",
            json!([{"custom_health_check": extension(
            "envoy.extensions.health_checkers.dynamic_modules.v3.X", json!({}))}]),
            Code::ExtensionUnlisted,
        ),
        fine(
            "a health check of the service",
            "/health_checks",
            json!([{"http_health_check": {"path": "/livez"}}]),
            "Envoy's own request",
        ),
        fine(
            "endpoints from elsewhere",
            "/eds_cluster_config",
            json!({"eds_config": {"ads": {}}}),
            "chooses where a service is, not its callers",
        ),
        fine(
            "outliers",
            "/outlier_detection",
            json!({}),
            "chooses among the endpoints",
        ),
        fine(
            "a source address",
            "/upstream_bind_config",
            json!({"source_address": {}}),
            "where the connection comes from",
        ),
        fine(
            "more connections",
            "/circuit_breakers",
            json!({"thresholds": []}),
            "a limit, which authorizes nothing",
        ),
    ]
}
