//! Mutations of HTTP filters: before ext_authz, ext_authz itself, and behind it.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Mutation, extension, harmless, named};
use crate::commands::lint::code::Code;

const EXT_AUTHZ: Part = Part::Filter("envoy.filters.http.ext_authz");
const ROUTER: Part = Part::Filter("envoy.filters.http.router");

pub(super) fn rows() -> Vec<Mutation> {
    [before(), behind(), router(), authorization(), service()]
        .into_iter()
        .flatten()
        .collect()
}

fn http(name: &str, fields: Value) -> Value {
    extension(&format!("envoy.extensions.filters.http.{name}"), fields)
}

fn before() -> Vec<Mutation> {
    let code = Code::FilterBeforeAuthorization;
    let first = |name, filter| named(name, Part::Filters, Edit::First("", filter), code);
    let fine = |name, filter, why| harmless(name, Part::Filters, Edit::First("", filter), why);
    vec![
        first("lua before", http("lua.v3.Lua", json!({}))),
        first("wasm before", http("wasm.v3.Wasm", json!({}))),
        first(
            "a dynamic module before",
            http("dynamic_modules.v3.DynamicModuleFilter", json!({})),
        ),
        first(
            "ext_proc before",
            http("ext_proc.v3.ExternalProcessor", json!({})),
        ),
        first(
            "header_mutation before",
            http("header_mutation.v3.HeaderMutation", json!({})),
        ),
        first(
            "set_metadata before",
            http("set_metadata.v3.Config", json!({})),
        ),
        first(
            "jwt_authn before",
            http("jwt_authn.v3.JwtAuthentication", json!({})),
        ),
        first("oauth2 before", http("oauth2.v3.OAuth2", json!({}))),
        first(
            "credential_injector before",
            http("credential_injector.v3.CredentialInjector", json!({})),
        ),
        first("a cache before", http("cache.v3.CacheConfig", json!({}))),
        first("tap before", http("tap.v3.Tap", json!({}))),
        first(
            "grpc_json_transcoder before",
            http("grpc_json_transcoder.v3.GrpcJsonTranscoder", json!({})),
        ),
        first(
            "file_server before",
            http("file_server.v3.FileServerConfig", json!({})),
        ),
        first(
            "a composite filter before",
            http("composite.v3.Composite", json!({})),
        ),
        first(
            "a match delegate before",
            extension(
                "envoy.extensions.common.matching.v3.ExtensionWithMatcher",
                json!({}),
            ),
        ),
        first(
            "a filter of a later Envoy before",
            http("unheard_of.v3.Filter", json!({})),
        ),
        first("a router before", http("router.v3.Router", json!({}))),
        named(
            "a filter from elsewhere before",
            Part::Filters,
            Edit::First(
                "",
                json!({"name": "x", "config_discovery": {"type_urls": ["x"]}}),
            ),
            Code::ConfiguredElsewhere,
        ),
        named(
            "a local limit that adds a header",
            Part::Filters,
            Edit::First(
                "",
                http(
                    "local_ratelimit.v3.LocalRateLimit",
                    json!({"request_headers_to_add_when_not_enforced":
                [{"header": {"key": "x-user-oid", "value": "x"}}]}),
                ),
            ),
            Code::IdentityHeadersAdded,
        ),
        fine(
            "a local limit",
            http(
                "local_ratelimit.v3.LocalRateLimit",
                json!({"stat_prefix": "l"}),
            ),
            "rejects requests, and changes nothing",
        ),
        fine(
            "a shared limit",
            http("ratelimit.v3.RateLimit", json!({"domain": "d"})),
            "rejects requests, and changes nothing",
        ),
        fine(
            "rbac",
            http("rbac.v3.RBAC", json!({"rules": {}})),
            "rejects requests, and changes nothing",
        ),
        fine(
            "csrf",
            http("csrf.v3.CsrfPolicy", json!({})),
            "rejects requests, and changes nothing",
        ),
        fine(
            "faults",
            http("fault.v3.HTTPFault", json!({})),
            "delays and rejects requests",
        ),
        fine(
            "a buffer",
            http("buffer.v3.Buffer", json!({"max_request_bytes": 1024})),
            "holds the body, and passes it on",
        ),
        fine(
            "a health check",
            http(
                "health_check.v3.HealthCheck",
                json!({"pass_through_mode": false}),
            ),
            "answers by itself",
        ),
        fine(
            "no cors",
            json!({"name": "envoy.filters.http.cors", "disabled": true, "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"}}),
            "browsers get less",
        ),
    ]
}

fn behind() -> Vec<Mutation> {
    let code = Code::FilterBehindAuthorization;
    let last = |name, filter| named(name, Part::Filters, Edit::Last("", filter), code);
    let fine = |name, filter, why| harmless(name, Part::Filters, Edit::Last("", filter), why);
    vec![
        last("a cache behind", http("cache.v3.CacheConfig", json!({}))),
        last(
            "the second cache behind",
            http("cache_v2.v3.CacheV2Config", json!({})),
        ),
        last(
            "header_mutation behind",
            http("header_mutation.v3.HeaderMutation", json!({})),
        ),
        last("lua behind", http("lua.v3.Lua", json!({}))),
        last(
            "ext_proc behind",
            http("ext_proc.v3.ExternalProcessor", json!({})),
        ),
        last(
            "stateful_session behind",
            http("stateful_session.v3.StatefulSession", json!({})),
        ),
        last(
            "set_filter_state behind",
            http("set_filter_state.v3.Config", json!({})),
        ),
        last(
            "dynamic_forward_proxy behind",
            http("dynamic_forward_proxy.v3.FilterConfig", json!({})),
        ),
        last("aws_lambda behind", http("aws_lambda.v3.Config", json!({}))),
        last("on_demand behind", http("on_demand.v3.OnDemand", json!({}))),
        last(
            "custom_response behind",
            http("custom_response.v3.CustomResponse", json!({})),
        ),
        fine(
            "compression behind",
            http("compressor.v3.Compressor", json!({})),
            "changes the body of the response",
        ),
        fine(
            "statistics behind",
            http("grpc_stats.v3.FilterConfig", json!({})),
            "counts requests",
        ),
        fine(
            "gRPC-Web behind",
            http("grpc_web.v3.GrpcWeb", json!({})),
            "changes the body of one request for its own service",
        ),
        fine(
            "a bandwidth limit behind",
            http(
                "bandwidth_limit.v3.BandwidthLimit",
                json!({"stat_prefix": "b"}),
            ),
            "delays responses",
        ),
    ]
}

fn router() -> Vec<Mutation> {
    let upstream = |filter| Edit::Last("/typed_config/upstream_http_filters", filter);
    let code = Code::UpstreamFilterUnlisted;
    vec![
        named(
            "header_mutation on the way to every service",
            ROUTER,
            upstream(http("header_mutation.v3.HeaderMutation", json!({}))),
            code,
        ),
        named(
            "a dynamic module on the way to every service",
            ROUTER,
            upstream(http("dynamic_modules.v3.DynamicModuleFilter", json!({}))),
            code,
        ),
        named(
            "the token in the upstream's log",
            ROUTER,
            Edit::Last(
                "/typed_config/upstream_log",
                extension(
                    "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
                    json!({"log_format": {"json_format": {"token": "%REQ(AUTHORIZATION)%"}}}),
                ),
            ),
            Code::TokenLogged,
        ),
        named(
            "a field of the router that Envoy does not have",
            ROUTER,
            Edit::Set("/typed_config/suppress", json!(true)),
            Code::SettingUnknown,
        ),
        harmless(
            "the codec on the way to services",
            ROUTER,
            upstream(http("upstream_codec.v3.UpstreamCodec", json!({}))),
            "the filter that Envoy puts last itself",
        ),
        harmless(
            "no x-envoy headers",
            ROUTER,
            Edit::Set("/typed_config/suppress_envoy_headers", json!(true)),
            "sends services and clients less",
        ),
    ]
}

fn authorization() -> Vec<Mutation> {
    let set = |name, pointer, value, code| named(name, EXT_AUTHZ, Edit::Set(pointer, value), code);
    let fine =
        |name, pointer, value, why| harmless(name, EXT_AUTHZ, Edit::Set(pointer, value), why);
    let half = json!({"default_value": {"numerator": 50}});
    vec![
        set(
            "requests pass when authorization fails",
            "/typed_config/failure_mode_allow",
            json!(true),
            Code::AuthorizationFailsOpen,
        ),
        set(
            "denials that are only counted",
            "/typed_config/shadow_mode",
            json!(true),
            Code::AuthorizationNotEnforced,
        ),
        set(
            "authorization for half of all requests",
            "/typed_config/filter_enabled",
            half,
            Code::AuthorizationSwitchable,
        ),
        set(
            "authorization where metadata say so",
            "/typed_config/filter_enabled_metadata",
            json!({"filter": "x"}),
            Code::AuthorizationSwitchable,
        ),
        set(
            "authorization disabled but for some routes",
            "/disabled",
            json!(true),
            Code::AuthorizationSwitchable,
        ),
        set(
            "the route chosen again",
            "/typed_config/clear_route_cache",
            json!(true),
            Code::RouteCacheCleared,
        ),
        set(
            "the route chosen again by some headers",
            "/typed_config/clear_route_cache_headers",
            json!({"patterns": [{"prefix": "x"}]}),
            Code::RouteCacheCleared,
        ),
        set(
            "mutations not validated",
            "/typed_config/validate_mutations",
            json!(false),
            Code::MutationsNotValidated,
        ),
        set(
            "raw headers not encoded",
            "/typed_config/encode_raw_headers",
            json!(false),
            Code::RawHeadersNotEncoded,
        ),
        set(
            "bodies held for authorization",
            "/typed_config/with_request_body",
            json!({"max_request_bytes": 1}),
            Code::BodySent,
        ),
        set(
            "an error that looks forbidden",
            "/typed_config/status_on_error",
            json!({"code": 403}),
            Code::ErrorLooksForbidden,
        ),
        set(
            "the token kept from authorization",
            "/typed_config/allowed_headers",
            json!({"patterns": [{"exact": "x"}]}),
            Code::TokenNotSent,
        ),
        set(
            "a field of ext_authz that Envoy does not have",
            "/typed_config/failure_mode_alow",
            json!(false),
            Code::SettingUnknown,
        ),
        named(
            "no ext_authz",
            Part::Filters,
            Edit::Without("", &["ext_authz.v3.ExtAuthz"]),
            Code::AuthorizationMissing,
        ),
        fine(
            "denial where the filter is off",
            "/typed_config/deny_at_disable",
            json!({"default_value": {"value": true}}),
            "denies more requests",
        ),
        fine(
            "the certificate told",
            "/typed_config/include_peer_certificate",
            json!(true),
            "sends the authz server more",
        ),
        fine(
            "a limit of the denial's body",
            "/typed_config/max_denied_response_body_bytes",
            json!(100),
            "a limit, which authorizes nothing",
        ),
        fine(
            "no rules for the answer's headers",
            "/typed_config/decoder_header_mutation_rules",
            json!({}),
            "the authz server is trusted with headers",
        ),
        set(
            "authorization that may be left out",
            "/is_optional",
            json!(true),
            Code::AuthorizationSwitchable,
        ),
    ]
}

fn service() -> Vec<Mutation> {
    let http_service =
        json!({"server_uri": {"uri": "http://x", "cluster": "audit", "timeout": "1s"}});
    vec![
        named(
            "authorization over HTTP",
            EXT_AUTHZ,
            Edit::Set("/typed_config/http_service", http_service),
            Code::AuthorizationOverHttp,
        ),
        named(
            "authorization by another gRPC library",
            EXT_AUTHZ,
            Edit::Set(
                "/typed_config/grpc_service/google_grpc",
                json!({"target_uri": "x"}),
            ),
            Code::SettingUnlisted,
        ),
        named(
            "a field of the gRPC service that Envoy does not have",
            EXT_AUTHZ,
            Edit::Set("/typed_config/grpc_service/envoy_grpc/cluster", json!("x")),
            Code::SettingUnknown,
        ),
        harmless(
            "more time for authorization",
            EXT_AUTHZ,
            Edit::Set("/typed_config/grpc_service/timeout", json!("5s")),
            "a limit, which authorizes nothing",
        ),
        harmless(
            "another authority of the gRPC service",
            EXT_AUTHZ,
            Edit::Set(
                "/typed_config/grpc_service/envoy_grpc/authority",
                json!("authz"),
            ),
            "the cluster chooses the destination",
        ),
    ]
}
