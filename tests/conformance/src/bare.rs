//! An Envoy with the least configuration for ext_authz.
//!
//! It has a listener, routes by prefix and ext_authz, and defaults for everything else.

use anyhow::Context;
use dev_stack::{GatewayOnly, GatewayPorts, without_rate_limits};
use serde_json::{Value, json};

/// Starts it in front of `upstream`, with the sample policies without their rate limits.
pub async fn bare_envoy(upstream: u16) -> anyhow::Result<GatewayOnly> {
    let configure = |folder: &std::path::Path, ports| {
        let file = folder.join("bootstrap.yaml");
        std::fs::write(&file, bootstrap(ports).to_string())
            .with_context(|| format!("{}: cannot be written", file.display()))
    };
    GatewayOnly::start(upstream, without_rate_limits, configure).await
}

fn bootstrap(ports: GatewayPorts) -> Value {
    // A common way to write routes: first the open prefixes, then the protected ones.
    let routes = [
        route("/api/open", None, None),
        route("/api/", Some("tasks"), None),
        route("/notification/", Some("notifications"), Some("/")),
        route("/auditing/", Some("audit"), Some("/")),
        route("/", None, None),
    ];
    let manager = json!({
        "@type": extension("filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "bare",
        "route_config": {"virtual_hosts": [{"name": "bare", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {"name": "envoy.filters.http.ext_authz", "typed_config": {
                "@type": extension("filters.http.ext_authz.v3.ExtAuthz"),
                "transport_api_version": "V3",
                "grpc_service": {"envoy_grpc": {"cluster_name": "authz"}, "timeout": "5s"},
            }},
            {"name": "envoy.filters.http.router", "typed_config": {
                "@type": extension("filters.http.router.v3.Router"),
            }},
        ],
    });
    json!({
        "admin": {"address": address(ports.admin)},
        "static_resources": {
            "listeners": [{
                "name": "bare", "address": address(ports.gateway),
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            }],
            "clusters": [
                cluster("authz", ports.authz, true),
                cluster("service", ports.upstream, false),
            ],
        },
    })
}

fn route(prefix: &str, policy: Option<&str>, rewrite: Option<&str>) -> Value {
    let kind = extension("filters.http.ext_authz.v3.ExtAuthzPerRoute");
    let per_route = match policy {
        Some(policy) => {
            let removed = rewrite.map_or("", |_| prefix.trim_end_matches('/'));
            let mut extensions = json!({"policy": policy});
            if !removed.is_empty() {
                extensions = json!({"policy": policy, "removed_prefix": removed});
            }
            json!({"@type": kind, "check_settings": {"context_extensions": extensions}})
        }
        None => json!({"@type": kind, "disabled": true}),
    };
    let mut action = json!({"cluster": "service"});
    if let (Some(rewrite), Some(action)) = (rewrite, action.as_object_mut()) {
        action.insert("prefix_rewrite".to_owned(), json!(rewrite));
    }
    json!({
        "match": {"prefix": prefix},
        "route": action,
        "typed_per_filter_config": {"envoy.filters.http.ext_authz": per_route},
    })
}

fn cluster(name: &str, port: u16, http2: bool) -> Value {
    let protocol = if http2 {
        json!({"http2_protocol_options": {}})
    } else {
        json!({"http_protocol_options": {}})
    };
    json!({
        "name": name, "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": extension("upstreams.http.v3.HttpProtocolOptions"),
                "explicit_http_config": protocol,
            },
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
    })
}

/// Returns the type URL of a message in `envoy.extensions`.
fn extension(name: &str) -> String {
    format!("type.googleapis.com/envoy.extensions.{name}")
}

fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
