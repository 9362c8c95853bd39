//! Mutations of routes, and of their settings for filters.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Mutation, any, extension, harmless, named};
use crate::commands::lint::code::Code;

const ME: Part = Part::Route("task-api-me");
const SETTINGS: &str = "/typed_per_filter_config/envoy.filters.http.ext_authz";

pub(super) fn rows() -> Vec<Mutation> {
    [targets(), authorization(), tables(), headers()]
        .into_iter()
        .flatten()
        .collect()
}

pub(super) fn set(name: &'static str, pointer: &'static str, value: Value, code: Code) -> Mutation {
    named(name, ME, Edit::Set(pointer, value), code)
}

pub(super) fn fine(
    name: &'static str,
    pointer: &'static str,
    value: Value,
    why: &'static str,
) -> Mutation {
    harmless(name, ME, Edit::Set(pointer, value), why)
}

fn targets() -> Vec<Mutation> {
    let elsewhere = Code::ClusterChosenElsewhere;
    let mirror = || json!([{"cluster": "audit"}]);
    let weighted = |more: Value| {
        json!({"weighted_clusters":
            {"clusters": [{"name": "task-api", "weight": 1}], "header_name": more}})
    };
    let plugin = || {
        let lua = "envoy.extensions.router.cluster_specifiers.lua.v3.LuaConfig";
        json!({"extension": extension(lua, json!({}))})
    };
    vec![
        set(
            "a cluster by header",
            "/route",
            json!({"cluster_header": "x-cluster"}),
            Code::ClusterChosenByClient,
        ),
        set(
            "a cluster by plugin",
            "/route",
            json!({"cluster_specifier_plugin": "p"}),
            elsewhere,
        ),
        set(
            "a cluster by inline plugin",
            "/route",
            json!({"inline_cluster_specifier_plugin": plugin()}),
            elsewhere,
        ),
        set(
            "weights by header",
            "/route",
            weighted(json!("x-weight")),
            Code::ClusterChosenByClient,
        ),
        named(
            "a plugin of the table",
            Part::Table,
            Edit::Last("/cluster_specifier_plugins", plugin()),
            elsewhere,
        ),
        named(
            "routes by an extension of the table",
            Part::Table,
            Edit::Last("/route_specifiers", extension("x.v3.X", json!({}))),
            elsewhere,
        ),
        named(
            "routes by an extension of the virtual host",
            Part::Host,
            Edit::Last("/route_specifiers", extension("x.v3.X", json!({}))),
            elsewhere,
        ),
        set(
            "routes by an extension of the route",
            "/route_specifiers",
            json!([extension("x.v3.X", json!({}))]),
            elsewhere,
        ),
        set(
            "a mirror of the route",
            "/route/request_mirror_policies",
            mirror(),
            Code::RequestsMirrored,
        ),
        named(
            "a mirror of the virtual host",
            Part::Host,
            Edit::Set("/request_mirror_policies", mirror()),
            Code::RequestsMirrored,
        ),
        named(
            "a mirror of the table",
            Part::Table,
            Edit::Set("/request_mirror_policies", mirror()),
            Code::RequestsMirrored,
        ),
        named(
            "a mirror of the route to nowhere",
            Part::Route("not-found"),
            Edit::Set("/route/request_mirror_policies", mirror()),
            Code::RequestsMirrored,
        ),
        set(
            "redirects followed",
            "/route/internal_redirect_policy",
            json!({}),
            Code::RedirectsFollowed,
        ),
        set(
            "redirects followed, as of old",
            "/route/internal_redirect_action",
            json!("HANDLE_INTERNAL_REDIRECT"),
            Code::RedirectsFollowed,
        ),
        set(
            "early data",
            "/route/early_data_policy",
            extension(
                "envoy.extensions.early_data.v3.DefaultEarlyDataPolicy",
                json!({}),
            ),
            Code::SettingUnlisted,
        ),
        set(
            "a route to the filter",
            "/filter_action",
            json!({}),
            Code::SettingUnlisted,
        ),
        set(
            "no forwarding",
            "/non_forwarding_action",
            json!({}),
            Code::SettingUnlisted,
        ),
        set(
            "a field of the route that Envoy does not have",
            "/route/prefix_rewrites",
            json!("/x"),
            Code::SettingUnknown,
        ),
        set(
            "an upgrade on the route",
            "/route/upgrade_configs",
            json!([{"upgrade_type": "websocket"}]),
            Code::UpgradesEnabled,
        ),
        fine(
            "one weighted cluster",
            "/route",
            weighted(Value::Null),
            "the route names its policy",
        ),
        fine(
            "no mirror",
            "/route/request_mirror_policies",
            json!([]),
            "an empty list",
        ),
        fine(
            "no redirects followed",
            "/route/max_internal_redirects",
            json!(0),
            "the default of Envoy",
        ),
        fine(
            "an endpoint by hash",
            "/route/hash_policy",
            json!([{"header": {"header_name": "x"}}]),
            "chooses among endpoints of one service",
        ),
        fine(
            "a retry",
            "/route/retry_policy",
            json!({"retry_on": "5xx"}),
            "goes to the authorized service",
        ),
        fine(
            "a rate limit's descriptors",
            "/route/rate_limits",
            json!([{"actions": []}]),
            "read by filters that only reject",
        ),
    ]
}

fn authorization() -> Vec<Mutation> {
    let grpc = json!({"envoy_grpc": {"cluster_name": "audit"}, "timeout": "1s"});
    let http = json!({"server_uri": {"uri": "http://x", "cluster": "audit", "timeout": "1s"}});
    let replaced = Code::AuthorizationReplaced;
    let at = |part, name, value, code| named(name, part, Edit::Set(SETTINGS, value), code);
    let authorizer = |fields| {
        any(
            "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
            fields,
        )
    };
    let wrapped = |fields| any("envoy.config.route.v3.FilterConfig", fields);
    let others = |fields: Value| authorizer(json!({"check_settings": fields}));
    vec![
        set(
            "another gRPC server called",
            "/typed_per_filter_config/envoy.filters.http.ext_authz/check_settings/grpc_service",
            grpc.clone(),
            replaced,
        ),
        set(
            "an HTTP server called",
            "/typed_per_filter_config/envoy.filters.http.ext_authz/check_settings/http_service",
            http,
            replaced,
        ),
        at(
            Part::Host,
            "another server called for a virtual host",
            others(json!({"grpc_service": grpc.clone()})),
            replaced,
        ),
        at(
            Part::Table,
            "another server called for the table",
            others(json!({"grpc_service": grpc.clone()})),
            replaced,
        ),
        at(
            Part::Host,
            "another server called, in a wrapper",
            wrapped(json!({"config": others(json!({"grpc_service": grpc}))})),
            replaced,
        ),
        at(
            Part::Host,
            "a field of check_settings that Envoy does not have",
            others(json!({"context_extension": {}})),
            Code::SettingUnknown,
        ),
        at(
            Part::Host,
            "bodies held on a route",
            others(json!({"with_request_body": {"max_request_bytes": 1}})),
            Code::BodySent,
        ),
        named(
            "no word of authorization",
            ME,
            Edit::Remove("/typed_per_filter_config"),
            Code::RouteWithoutPolicy,
        ),
        at(
            ME,
            "authorization disabled",
            authorizer(json!({"disabled": true})),
            Code::AuthorizationDisabled,
        ),
        at(
            ME,
            "authorization disabled by a wrapper",
            wrapped(json!({"disabled": true})),
            Code::AuthorizationDisabled,
        ),
        set(
            "a policy that does not exist",
            "/typed_per_filter_config/envoy.filters.http.ext_authz/check_settings/\
             context_extensions/policy",
            json!("unknown"),
            Code::PolicyUnknown,
        ),
        set(
            "settings for lua",
            "/typed_per_filter_config/lua",
            any(
                "envoy.extensions.filters.http.lua.v3.LuaPerRoute",
                json!({}),
            ),
            Code::ExtensionUnlisted,
        ),
        set(
            "settings for header_mutation",
            "/typed_per_filter_config/hm",
            any(
                "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
                json!({}),
            ),
            Code::ExtensionUnlisted,
        ),
        set(
            "settings of another type for ext_authz",
            SETTINGS,
            any(
                "envoy.extensions.filters.http.cors.v3.CorsPolicy",
                json!({}),
            ),
            Code::PerFilterConfigUnknown,
        )
        .and(Code::RouteWithoutPolicy),
        set(
            "settings for a filter that is not there",
            "/typed_per_filter_config/envoy.filters.http.ext_auth",
            authorizer(json!({"disabled": true})),
            Code::PerFilterConfigUnknown,
        ),
        fine(
            "no body sent on a route",
            "/typed_per_filter_config/envoy.filters.http.ext_authz/check_settings/\
             disable_request_body_buffering",
            json!(true),
            "sends less to the authz server",
        ),
        fine(
            "cors of a route",
            "/typed_per_filter_config/envoy.filters.http.cors",
            any(
                "envoy.extensions.filters.http.cors.v3.CorsPolicy",
                json!({}),
            ),
            "browsers of other origins get a response, but no other request passes",
        ),
        fine(
            "rbac of a route",
            "/typed_per_filter_config/rbac",
            any(
                "envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
                json!({}),
            ),
            "there is no such filter, and it only rejects",
        ),
    ]
}

fn tables() -> Vec<Mutation> {
    let tree = |type_name| {
        let configuration = any(type_name, json!({}));
        json!({"on_no_match": {"action": {"name": "a", "typed_config": configuration}}})
    };
    let table =
        |name, pointer, value, code| named(name, Part::Table, Edit::Set(pointer, value), code);
    vec![
        table(
            "path parameters ignored",
            "/ignore_path_parameters_in_path_matching",
            json!(true),
            Code::PathParametersIgnored,
        ),
        table(
            "the virtual host by a header",
            "/vhost_header",
            json!("x-host"),
            Code::HostChosenByClient,
        ),
        table(
            "virtual hosts from elsewhere",
            "/vhds",
            json!({}),
            Code::RoutesElsewhere,
        ),
        table(
            "a field of the table that Envoy does not have",
            "/virtual_host",
            json!([]),
            Code::SettingUnknown,
        ),
        named(
            "an action of another's in a tree",
            Part::Host,
            Edit::Set("/matcher", tree("x.v3.X")),
            Code::ExtensionUnlisted,
        ),
        named(
            "a field of the virtual host that Envoy does not have",
            Part::Host,
            Edit::Set("/domain", json!("*")),
            Code::SettingUnknown,
        ),
        harmless(
            "an empty list in a tree",
            Part::Host,
            Edit::Set("/matcher", tree("envoy.config.route.v3.RouteList")),
            "has no route",
        ),
        harmless(
            "the port taken off",
            Part::Table,
            Edit::Set("/ignore_port_in_host_matching", json!(true)),
            "there is one virtual host",
        ),
        harmless(
            "clusters validated",
            Part::Table,
            Edit::Set("/validate_clusters", json!(true)),
            "Envoy rejects the file without its clusters",
        ),
        harmless(
            "mirrors switched off",
            Part::Table,
            Edit::Set("/request_mirror_policies", json!([])),
            "an empty list",
        ),
    ]
}

fn headers() -> Vec<Mutation> {
    let add = |key: &str| json!([{"header": {"key": key, "value": "x"}}]);
    vec![
        set(
            "identity added behind",
            "/request_headers_to_add",
            add("X-User-Roles"),
            Code::IdentityHeadersAdded,
        ),
        set(
            "identity removed behind",
            "/request_headers_to_remove",
            json!(["x-user-oid"]),
            Code::IdentityHeadersRemovedLate,
        ),
        named(
            "identity added by the table",
            Part::Table,
            Edit::Set("/request_headers_to_add", add("x-tenant-id")),
            Code::IdentityHeadersAdded,
        ),
        fine(
            "another header added",
            "/request_headers_to_add",
            add("x-gateway"),
            "no service takes it for identity",
        ),
        fine(
            "headers of answers",
            "/response_headers_to_add",
            add("x-user-oid"),
            "reaches the client, not a service",
        ),
    ]
}
