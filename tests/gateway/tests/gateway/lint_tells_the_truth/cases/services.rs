//! Cases in which a request reaches a service without a token, or another service.

use dev_stack::{Edit, Part};
use serde_json::json;

use super::{Case, EXT_AUTHZ, ME, Shown, WITH_TOKEN, any, case, extension, get, lua, open};

pub(super) fn without_a_token() -> Vec<Case> {
    let grpc = json!({"envoy_grpc": {"cluster_name": "generous"}, "timeout": "1s"});
    let http = json!({"server_uri": {"uri": "http://other", "cluster": "other", "timeout": "1s"}});
    let per_route = any(
        "filters.http.ext_authz.v3.ExtAuthzPerRoute",
        json!({"check_settings": {"grpc_service": grpc.clone()}}),
    );
    let tcp = json!([extension(
        "filters.network.tcp_proxy.v3.TcpProxy",
        json!({"stat_prefix": "t", "cluster": "task-api"})
    )]);
    let forward = "function envoy_on_request(handle) \
        local headers, body = handle:httpCall('OTHER_CLUSTER', \
        {[':method'] = 'GET', [':path'] = '/api/me', [':authority'] = 'x'}, '', 1000) \
        handle:respond({[':status'] = '200'}, body) end";
    let token =
        json!({"append": {"header": {"key": "authorization", "value": "Bearer %REQ(X-Token)%"}}});
    vec![
        open(
            "another gRPC server decides",
            "authorization-replaced",
            ME,
            Edit::Set(
                "/typed_per_filter_config/envoy.filters.http.ext_authz/check_settings/grpc_service",
                grpc,
            ),
        ),
        open(
            "another HTTP server decides",
            "authorization-replaced",
            ME,
            Edit::Set(
                "/typed_per_filter_config/envoy.filters.http.ext_authz/check_settings/http_service",
                http,
            ),
        )
        // With `allowed_headers`, the HTTP request has no path. The filter denies such an error.
        .with(EXT_AUTHZ, Edit::Remove("/typed_config/allowed_headers")),
        open(
            "another server decides for all",
            "authorization-replaced",
            Part::Host,
            Edit::Set(
                "/typed_per_filter_config/envoy.filters.http.ext_authz",
                per_route,
            ),
        )
        // The most specific settings decide, so those of the route are removed.
        .with(ME, Edit::Remove("/typed_per_filter_config")),
        open(
            "bytes passed on",
            "network-filter-unlisted",
            Part::Chain,
            Edit::Set("/filters", tcp),
        ),
        open(
            "denials that are only counted",
            "authorization-not-enforced",
            EXT_AUTHZ,
            Edit::Set("/typed_config/shadow_mode", json!(true)),
        ),
        open(
            "a filter that answers for a service",
            "filter-before-authorization",
            Part::Filters,
            Edit::First("", lua(forward)),
        ),
        case(
            "a token from another header",
            "identity-headers-added",
            Part::Mutations,
            Edit::Last("", token),
            get("/api/me", "X-Token: TOKEN\r\n"),
            "get /api/me http/1.1",
        ),
    ]
}

pub(super) fn to_another_service() -> Vec<Case> {
    let mirror = || {
        Edit::Set(
            "/route/request_mirror_policies",
            json!([{"cluster": "other"}]),
        )
    };
    let code = "function envoy_on_route(handle) return 'OTHER_CLUSTER' end";
    let specifier = extension(
        "router.cluster_specifiers.lua.v3.LuaConfig",
        json!({"source_code": {"inline_string": code}}),
    );
    let plugin = json!({"inline_cluster_specifier_plugin": {"extension": specifier}});
    let original = Edit::Set(
        "",
        json!({
            "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
            "name": "task-api",
            "type": "ORIGINAL_DST",
            "lb_policy": "CLUSTER_PROVIDED",
            "connect_timeout": "1s",
            "original_dst_lb_config": {
                "use_http_header": true,
                "http_header_name": "x-destination",
            },
        }),
    );
    let chosen = get(
        "/api/me",
        &format!("{WITH_TOKEN}X-Destination: 127.0.0.1:OTHER_PORT\r\nX-Case: destination\r\n"),
    );
    let marked = |mark: &str| get("/api/me", &format!("{WITH_TOKEN}X-Case: {mark}\r\n"));
    let at_other = |case| Case {
        shown: Shown::AtOther,
        ..case
    };
    vec![
        at_other(case(
            "a mirror",
            "requests-mirrored",
            ME,
            mirror(),
            marked("mirror"),
            "x-case: mirror",
        )),
        at_other(case(
            "a cluster by plugin",
            "cluster-chosen-elsewhere",
            ME,
            Edit::Set("/route", plugin),
            marked("plugin"),
            "x-case: plugin",
        )),
        at_other(case(
            "a cluster by header",
            "cluster-chosen-by-client",
            ME,
            Edit::Set("/route", json!({"cluster_header": "x-cluster"})),
            get(
                "/api/me",
                &format!("{WITH_TOKEN}X-Cluster: OTHER_CLUSTER\r\nX-Case: header\r\n"),
            ),
            "x-case: header",
        )),
        at_other(case(
            "a destination by header",
            "destination-chosen-by-client",
            Part::Cluster("task-api"),
            original,
            chosen,
            "x-case: destination",
        )),
        case(
            "redirects followed",
            "redirects-followed",
            ME,
            Edit::Set("/route/internal_redirect_policy", json!({})),
            get(
                "/api/me",
                &format!("{WITH_TOKEN}X-Echo-Location: http://gateway/api/tasks\r\n"),
            ),
            "get /api/tasks http/1.1",
        ),
        case(
            "a host by header",
            "host-chosen-by-client",
            ME,
            Edit::Set("/route/host_rewrite_header", json!("x-wanted")),
            get(
                "/api/me",
                &format!("{WITH_TOKEN}X-Wanted: inner.example\r\n"),
            ),
            "\r\nhost: inner.example",
        ),
    ]
}
