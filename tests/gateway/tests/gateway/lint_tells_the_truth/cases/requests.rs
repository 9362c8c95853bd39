//! Cases in which a request takes another path, or keeps parts that the gateway removes.

use dev_stack::{Edit, Part};
use serde_json::{Value, json};

use super::{Case, ME, NOTICES, WITH_TOKEN, case, extension, get, telling};

pub(super) fn along_another_path() -> Vec<Case> {
    let regex = |name, code, pattern: &str, path: &str, text| {
        let edit = Edit::Set("/match", json!({"safe_regex": {"regex": pattern}}));
        case(name, code, ME, edit, get(path, WITH_TOKEN), text)
    };
    let action = |fields: Value| Edit::Set("/route", fields);
    vec![
        regex(
            "a path in any case",
            "path-case-insensitive",
            "(?si)/api/me",
            "/API/Me",
            "get /api/me http/1.1\r\nhost",
        ),
        regex(
            "a wildcard in the middle",
            "path-regex-crosses-segments",
            "/api/.*/me",
            "/api/a/secret/me",
            "get /api/a/secret/me",
        ),
        regex(
            "any segment",
            "path-regex-odd",
            "/api/[^/]+",
            "/api/..%3b%252fadmin",
            "get /api/..%3b%252fadmin",
        ),
        case(
            "path parameters ignored",
            "path-parameters-ignored",
            Part::Table,
            Edit::Set("/ignore_path_parameters_in_path_matching", json!(true)),
            get("/api/me;admin=1", WITH_TOKEN),
            "get /api/me;admin=1",
        ),
        case(
            "a path by a format",
            "rewrite-not-signable",
            ME,
            action(json!({"cluster": "task-api", "path_rewrite": "%REQ(x-path)%"})),
            get("/api/me", &format!("{WITH_TOKEN}X-Path: /admin\r\n")),
            "get /admin",
        ),
        case(
            "an expression that turns the path round",
            "rewrite-not-signable",
            NOTICES,
            action(json!({
                "cluster": "notification",
                "regex_rewrite": {
                    "pattern": {"regex": "^/([a-z]+)/([a-z]+)$"},
                    "substitution": "/\\2/\\1",
                },
            })),
            get(
                "/notification/notifications",
                "Authorization: Bearer NOTICE_TOKEN\r\n",
            ),
            "get /notifications/notification",
        ),
    ]
}

pub(super) fn with_removed_parts() -> Vec<Case> {
    let chunked = format!(
        "POST /api/me HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\
         {WITH_TOKEN}Transfer-Encoding: chunked\r\n"
    );
    let trailers = format!("{chunked}\r\n1\r\nx\r\n0\r\nX-User-Admin: yes\r\n\r\n");
    let both = format!("{chunked}Content-Length: 3\r\nX-Case: both\r\n\r\n1\r\nx\r\n0\r\n\r\n");
    let to_service = Edit::Set(
        "/typed_extension_protocol_options\
         /envoy.extensions.upstreams.http.v3.HttpProtocolOptions\
         /explicit_http_config/http_protocol_options/enable_trailers",
        json!(true),
    );
    let proxy = extension(
        "filters.listener.proxy_protocol.v3.ProxyProtocol",
        json!({}),
    );
    let detector = json!([extension(
        "http.original_ip_detection.custom_header.v3.CustomHeaderConfig",
        json!({"header_name": "x-my-address"})
    )]);
    let mut detected = case(
        "the address from a header",
        "client-address-believed",
        Part::Manager,
        Edit::Set("/original_ip_detection_extensions", detector),
        get(
            "/api/me",
            &format!("{WITH_TOKEN}X-My-Address: 203.0.113.9\r\n"),
        ),
        "x-client: 203.0.113.9",
    );
    detected = detected.with(Part::Manager, Edit::Remove("/use_remote_address"));
    detected.edits.extend(telling());
    let mut passed = case(
        "trailers",
        "trailers-pass",
        Part::Manager,
        Edit::Set("/http_protocol_options/enable_trailers", json!(true)),
        trailers,
        "x-user-admin: yes",
    );
    passed = passed.with(Part::Cluster("task-api"), to_service);
    vec![
        passed,
        detected,
        case(
            "a length and chunks",
            "framing-ambiguous",
            Part::Manager,
            Edit::Set("/http_protocol_options/allow_chunked_length", json!(true)),
            both,
            "x-case: both",
        ),
        case(
            "the address from the connection's first line",
            "client-address-believed",
            Part::Listener,
            Edit::Last("/listener_filters", proxy),
            format!(
                "PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\n{}",
                get("/api/me", WITH_TOKEN)
            ),
            "x-forwarded-for: 203.0.113.9",
        ),
        case(
            "addresses that the client names",
            "client-address-believed",
            Part::Mutations,
            Edit::Without("", &["\"x-forwarded-for\""]),
            get(
                "/api/me",
                &format!("{WITH_TOKEN}X-Forwarded-For: 203.0.113.9\r\n"),
            ),
            "x-forwarded-for: 203.0.113.9,",
        ),
        case(
            "a host for frameworks",
            "instructions-not-removed",
            Part::Mutations,
            Edit::Without("", &["x-forwarded-(host", "\"x-forwarded-host\""]),
            get(
                "/api/me",
                &format!("{WITH_TOKEN}X-Forwarded-Host: evil.example\r\n"),
            ),
            "x-forwarded-host: evil.example",
        ),
        case(
            "an instruction to Envoy",
            "instructions-not-removed",
            Part::Mutations,
            Edit::Without("", &["\"x-envoy-\""]),
            get(
                "/api/me",
                &format!("{WITH_TOKEN}X-Envoy-Original-Path: /other\r\n"),
            ),
            "x-envoy-original-path: /other",
        )
        // Envoy removes the header of an external client.
        .with(
            Part::Manager,
            Edit::Set(
                "/internal_address_config/cidr_ranges",
                json!([{"address_prefix": "0.0.0.0"}]),
            ),
        ),
    ]
}
