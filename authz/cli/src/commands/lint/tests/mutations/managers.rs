//! Mutations of the HttpConnectionManager: protocols, paths, addresses and identifiers.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Mutation, any, extension, harmless, named};
use crate::commands::lint::code::Code;

pub(super) fn rows() -> Vec<Mutation> {
    [paths(), protocols(), addresses(), others()]
        .into_iter()
        .flatten()
        .collect()
}

fn set(name: &'static str, pointer: &'static str, value: Value, code: Code) -> Mutation {
    named(name, Part::Manager, Edit::Set(pointer, value), code)
}

fn fine(name: &'static str, pointer: &'static str, value: Value, why: &'static str) -> Mutation {
    harmless(name, Part::Manager, Edit::Set(pointer, value), why)
}

fn paths() -> Vec<Mutation> {
    vec![
        set(
            "paths as they come",
            "/normalize_path",
            json!(false),
            Code::PathNotNormalized,
        ),
        named(
            "no word of normal paths",
            Part::Manager,
            Edit::Remove("/normalize_path"),
            Code::PathNotNormalized,
        ),
        // Envoy 1.40 accepts both spellings, and does not say which of them applies.
        set(
            "normalize_path spelt twice",
            "/normalizePath",
            json!(false),
            Code::SettingUnknown,
        ),
        set(
            "normalize_path misspelt",
            "/normalise_path",
            json!(true),
            Code::SettingUnknown,
        ),
        set(
            "slashes as they come",
            "/merge_slashes",
            json!(false),
            Code::SlashesNotMerged,
        ),
        set(
            "escaped slashes as they come",
            "/path_with_escaped_slashes_action",
            json!("KEEP_UNCHANGED"),
            Code::EscapedSlashesPass,
        ),
        set(
            "escaped slashes unescaped",
            "/path_with_escaped_slashes_action",
            json!("UNESCAPE_AND_FORWARD"),
            Code::EscapedSlashesPass,
        ),
        set(
            "another path for filters",
            "/path_normalization_options",
            json!({"http_filter_transformation": {}}),
            Code::SettingUnlisted,
        ),
        set(
            "a header validator",
            "/typed_header_validation_config",
            extension(
                "envoy.extensions.http.header_validators.envoy_default.v3.HeaderValidatorConfig",
                json!({}),
            ),
            Code::ExtensionUnlisted,
        ),
        fine(
            "escaped slashes redirected",
            "/path_with_escaped_slashes_action",
            json!("UNESCAPE_AND_REDIRECT"),
            "the client sends a new request with the checked path",
        ),
        fine(
            "the port taken off the host",
            "/strip_any_host_port",
            json!(true),
            "applied before Envoy chooses the route and calls the authz server",
        ),
        fine(
            "the dot taken off the host",
            "/strip_trailing_host_dot",
            json!(true),
            "applied before Envoy chooses the route and calls the authz server",
        ),
    ]
}

fn protocols() -> Vec<Mutation> {
    vec![
        set(
            "underscores in names",
            "/common_http_protocol_options/headers_with_underscores_action",
            json!("ALLOW"),
            Code::UnderscoresPass,
        ),
        set(
            "trailers over HTTP/1.1",
            "/http_protocol_options/enable_trailers",
            json!(true),
            Code::TrailersPass,
        ),
        set(
            "chunked with a length",
            "/http_protocol_options/allow_chunked_length",
            json!(true),
            Code::FramingAmbiguous,
        ),
        set(
            "extended CONNECT",
            "/http2_protocol_options/allow_connect",
            json!(true),
            Code::UpgradesEnabled,
        ),
        set(
            "METADATA frames",
            "/http2_protocol_options/allow_metadata",
            json!(true),
            Code::SettingUnlisted,
        ),
        set(
            "extended CONNECT over HTTP/3",
            "/http3_protocol_options/allow_extended_connect",
            json!(true),
            Code::UpgradesEnabled,
        ),
        set(
            "an upgrade to WebSocket",
            "/upgrade_configs",
            json!([{"upgrade_type": "websocket"}]),
            Code::UpgradesEnabled,
        ),
        set(
            "CONNECT as an upgrade",
            "/upgrade_configs",
            json!([{"upgrade_type": "CONNECT"}]),
            Code::UpgradesEnabled,
        ),
        set(
            "a field of HTTP/1.1 that Envoy does not have",
            "/http_protocol_options/enable_trailer",
            json!(true),
            Code::SettingUnknown,
        ),
        set(
            "a module writes header names",
            "/http_protocol_options/header_key_format/stateful_formatter",
            extension(
                "envoy.extensions.http.header_formatters.dynamic_modules.v3.X",
                json!({}),
            ),
            Code::ExtensionUnlisted,
        ),
        fine(
            "HTTP/1.0",
            "/http_protocol_options/accept_http_10",
            json!(true),
            "the same filters see its requests",
        ),
        fine(
            "absolute URLs",
            "/http_protocol_options/allow_absolute_url",
            json!(true),
            "becomes host and path before the route is chosen",
        ),
        fine(
            "methods of one's own",
            "/http_protocol_options/allow_custom_methods",
            json!(true),
            "policies list the methods that they allow",
        ),
        fine(
            "an upgrade that is off",
            "/upgrade_configs",
            json!([{"upgrade_type": "websocket", "enabled": false}]),
            "the upgrade is disabled",
        ),
        fine(
            "larger headers",
            "/max_request_headers_kb",
            json!(96),
            "a limit, which authorizes nothing",
        ),
        fine(
            "no time limit",
            "/request_timeout",
            json!("0s"),
            "a limit, which authorizes nothing",
        ),
    ]
}

fn addresses() -> Vec<Mutation> {
    let believed = Code::ClientAddressBelieved;
    let detection = |name: &str, fields| {
        json!([extension(
            &format!("envoy.extensions.http.original_ip_detection.{name}"),
            fields
        )])
    };
    let (custom, xff) = ("custom_header.v3.CustomHeaderConfig", "xff.v3.XffConfig");
    let detect = "/original_ip_detection_extensions";
    let everywhere =
        json!({"xff_trusted_cidrs": {"cidrs": [{"address_prefix": "0.0.0.0", "prefix_len": 0}]}});
    let proxies =
        json!({"xff_trusted_cidrs": {"cidrs": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}});
    vec![
        set(
            "the client's own word on its address",
            "/use_remote_address",
            json!(false),
            believed,
        ),
        set(
            "the address from a header",
            detect,
            detection(custom, json!({"header_name": "x-real-ip"})),
            believed,
        ),
        set(
            "the address from x-forwarded-for",
            detect,
            detection(xff, json!({})),
            believed,
        ),
        set(
            "all the world as proxies",
            detect,
            detection(xff, everywhere),
            believed,
        ),
        set(
            "an address detector of another's",
            detect,
            detection("own.v3.Own", json!({})),
            Code::ExtensionUnlisted,
        ),
        set(
            "x-forwarded-for not appended",
            "/skip_xff_append",
            json!(true),
            believed,
        ),
        set(
            "a hop that is then removed",
            "/xff_num_trusted_hops",
            json!(1),
            Code::ClientAddressLost,
        ),
        set(
            "certificates in a header",
            "/forward_client_cert_details",
            json!("ALWAYS_FORWARD_ONLY"),
            Code::ClientCertificateBelieved,
        ),
        set(
            "certificates in a header, by number",
            "/forward_client_cert_details",
            json!(2),
            Code::ClientCertificateBelieved,
        ),
        set(
            "certificates in a header, by a matcher",
            "/forward_client_cert_matcher",
            json!({"on_no_match": {}}),
            Code::ClientCertificateBelieved,
        ),
        fine(
            "certificates written by Envoy",
            "/forward_client_cert_details",
            json!("SANITIZE_SET"),
            "a client's header is removed",
        ),
        fine(
            "the address from one proxy",
            detect,
            detection(xff, json!({"xff_num_trusted_hops": 1})),
            "counts from the nearest proxy",
        ),
        fine(
            "the address from proxies of one network",
            detect,
            detection(xff, proxies),
            "trusts named proxies only",
        ),
        fine(
            "every address internal",
            "/internal_address_config",
            json!({"cidr_ranges": [{"address_prefix": "0.0.0.0"}]}),
            "x-envoy headers of clients are removed early",
        ),
    ]
}

fn others() -> Vec<Mutation> {
    let tag = json!([{"tag": "t", "request_header": {"name": "Authorization"}}]);
    let provider = |name: &str| extension(name, json!({}));
    vec![
        set(
            "the token in a trace",
            "/tracing",
            json!({"custom_tags": tag}),
            Code::TokenLogged,
        ),
        set(
            "a trace by a module",
            "/tracing/provider",
            provider("envoy.config.trace.dynamic_modules.v3.X"),
            Code::ExtensionUnlisted,
        ),
        set(
            "a request id of another's making",
            "/request_id_extension",
            json!({"typed_config": any("x.v3.X", json!({}))}),
            Code::ExtensionUnlisted,
        ),
        set(
            "a field that Envoy does not have",
            "/use_remote_addres",
            json!(true),
            Code::SettingUnknown,
        ),
        named(
            "a route table from nowhere",
            Part::Manager,
            Edit::Set("/rds/route_config_name", json!("other")),
            Code::RoutesElsewhere,
        ),
        set(
            "scopes from elsewhere",
            "/scoped_routes",
            json!({"name": "s", "scoped_rds": {}}),
            Code::RoutesElsewhere,
        ),
        fine(
            "a client's request id kept",
            "/preserve_external_request_id",
            json!(true),
            "the header is removed early",
        ),
        fine(
            "no request id",
            "/generate_request_id",
            json!(false),
            "requests are harder to find, but not authorized",
        ),
        fine(
            "traces over OpenTelemetry",
            "/tracing/provider",
            provider("envoy.config.trace.v3.OpenTelemetryConfig"),
            "what the option `tracing` writes",
        ),
        fine(
            "a shorter name of the server",
            "/server_name",
            json!("gateway"),
            "a response header",
        ),
        fine(
            "Envoy's own answers changed",
            "/local_reply_config",
            json!({"mappers": []}),
            "changes responses without a service",
        ),
        fine(
            "the scheme overwritten",
            "/scheme_header_transformation",
            json!({"scheme_to_overwrite": "https"}),
            "no policy depends on the scheme",
        ),
        fine(
            "the uuid of a request",
            "/request_id_extension",
            json!({"typed_config":
            any("envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", json!({}))}),
            "the default of Envoy",
        ),
    ]
}
