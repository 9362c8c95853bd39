//! Mutations of the bootstrap configuration.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Mutation, extension, harmless, named};
use crate::commands::lint::code::Code;

fn set(name: &'static str, pointer: &'static str, value: Value, code: Code) -> Mutation {
    named(name, Part::Bootstrap, Edit::Set(pointer, value), code)
}

fn fine(name: &'static str, pointer: &'static str, value: Value, why: &'static str) -> Mutation {
    harmless(name, Part::Bootstrap, Edit::Set(pointer, value), why)
}

pub(super) fn rows() -> Vec<Mutation> {
    [admin(), runtime(), extensions(), resources()]
        .into_iter()
        .flatten()
        .collect()
}

fn admin() -> Vec<Mutation> {
    vec![
        set(
            "the admin interface on every address",
            "/admin/address/socket_address/address",
            json!("0.0.0.0"),
            Code::AdminExposed,
        ),
        set(
            "the token in the admin interface's log",
            "/admin/access_log",
            json!([extension(
                "envoy.extensions.access_loggers.file.v3.FileAccessLog",
                json!({"log_format": {"text_format": "%REQ(AUTHORIZATION)%"}})
            )]),
            Code::TokenLogged,
        ),
        fine(
            "less of the admin interface",
            "/admin/allow_paths",
            json!([{"exact": "/ready"}]),
            "answers fewer requests",
        ),
    ]
}

fn runtime() -> Vec<Mutation> {
    let overridden = Code::RuntimeOverridden;
    let layers = |layer: Value| Value::Array(vec![layer]);
    let features = json!({"name": "s", "static_layer": {"envoy":
        {"reloadable_features": {"http_reject_path_with_fragment": false}}}});
    let limits = json!({"name": "s", "static_layer": {
        "overload": {"global_downstream_max_connections": 5},
        "re2.max_program_size.error_level": 200}});
    vec![
        set(
            "a feature switched off",
            "/layered_runtime/layers",
            layers(features),
            overridden,
        ),
        set(
            "runtime from a folder",
            "/layered_runtime/layers",
            layers(json!({"name": "d", "disk_layer": {"symlink_root": "/"}})),
            overridden,
        ),
        set(
            "runtime from a control plane",
            "/layered_runtime/layers",
            layers(json!({"name": "r", "rtds_layer": {"name": "x"}})),
            overridden,
        ),
        set(
            "another beginning of Envoy's headers",
            "/header_prefix",
            json!("x-edge"),
            Code::InstructionsNotRemoved,
        ),
        fine(
            "limits by runtime",
            "/layered_runtime/layers",
            layers(limits),
            "sets limits and switches off no check",
        ),
        fine(
            "runtime by the admin interface",
            "/layered_runtime/layers",
            layers(json!({"name": "a", "admin_layer": {}})),
            "the address of the admin interface is checked",
        ),
    ]
}

fn extensions() -> Vec<Mutation> {
    let unlisted = Code::ExtensionUnlisted;
    let started = |name: &str| {
        json!([extension(
            &format!("envoy.extensions.bootstrap.{name}"),
            json!({})
        )])
    };
    vec![
        set(
            "wasm beside requests",
            "/bootstrap_extensions",
            started("wasm.v3.WasmService"),
            unlisted,
        ),
        set(
            "a dynamic module beside requests",
            "/bootstrap_extensions",
            started("dynamic_modules.v3.DynamicModuleBootstrapExtension"),
            unlisted,
        ),
        set(
            "a reverse tunnel",
            "/bootstrap_extensions",
            started(
                "reverse_tunnel.downstream_socket_interface.v3.DownstreamReverseConnectionSocketInterface",
            ),
            unlisted,
        ),
        set(
            "another engine of expressions",
            "/default_regex_engine",
            extension(
                "envoy.extensions.regex_engines.hyperscan.v3.Hyperscan",
                json!({}),
            ),
            unlisted,
        ),
        set(
            "a tap by a sink",
            "/stats_sinks",
            json!([extension(
                "envoy.extensions.stat_sinks.wasm.v3.Wasm",
                json!({})
            )]),
            unlisted,
        ),
        fine(
            "internal listeners",
            "/bootstrap_extensions",
            started("internal_listener.v3.InternalListener"),
            "they are listeners, which are checked",
        ),
        fine(
            "a statistics sink",
            "/stats_sinks",
            json!([extension("envoy.config.metrics.v3.StatsdSink", json!({}))]),
            "sends numbers, not requests",
        ),
    ]
}

fn resources() -> Vec<Mutation> {
    let elsewhere = Code::ConfiguredElsewhere;
    vec![
        set(
            "listeners from a control plane",
            "/dynamic_resources/lds_config",
            json!({"ads": {}}),
            elsewhere,
        ),
        set(
            "clusters from a control plane",
            "/dynamic_resources/cds_config",
            json!({"api_config_source": {}}),
            elsewhere,
        )
        .and(Code::AuthorizationDisabled),
        set(
            "listeners by a locator",
            "/dynamic_resources/lds_resources_locator",
            json!("xdstp://x"),
            elsewhere,
        ),
        set(
            "a certificate that has expired",
            "/static_resources/secrets",
            json!([{"name": "s", "validation_context": {"allow_expired_certificate": true}}]),
            Code::TlsWeakened,
        ),
        set(
            "a field of the bootstrap that Envoy does not have",
            "/layered_runtimes",
            json!({}),
            Code::SettingUnknown,
        ),
        set(
            "a field of the resources that Envoy does not have",
            "/static_resources/listener",
            json!([]),
            Code::SettingUnknown,
        ),
        set(
            "a second listener without authorization",
            "/static_resources/listeners",
            json!([{"name": "second", "filter_chains": [{"filters": [extension(
            "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            json!({"cluster": "audit"}))]}]}]),
            Code::NetworkFilterUnlisted,
        ),
        fine(
            "no overload manager",
            "/overload_manager",
            Value::Null,
            "limits, whose absence authorizes nothing",
        ),
        fine(
            "a plain name of Envoy",
            "/node/id",
            json!("x"),
            "identifies this Envoy to control planes",
        ),
    ]
}
