//! Cases in which a service sees another caller.

use dev_stack::{Edit, Part};
use serde_json::json;

use super::{Case, WITH_TOKEN, any, case, extension, get, identity_mutation};

pub(super) fn with_another_caller() -> Vec<Case> {
    let added = json!({"append": {"header": {"key": "x-user-admin", "value": "yes"}}});
    let upstream = "/typed_extension_protocol_options\
                    /envoy.extensions.upstreams.http.v3.HttpProtocolOptions/http_filters";
    let codec = extension("filters.http.upstream_codec.v3.UpstreamCodec", json!({}));
    let filters = || json!([identity_mutation(), codec.clone()]);
    let roles = |name, code, part, edit| {
        case(
            name,
            code,
            part,
            edit,
            get("/api/me", WITH_TOKEN),
            "x-user-roles: root",
        )
    };
    let limit = extension(
        "filters.http.local_ratelimit.v3.LocalRateLimit",
        json!({
            "stat_prefix": "l",
            "token_bucket": {"max_tokens": 1, "fill_interval": "3600s"},
            "filter_enabled": {"default_value": {"numerator": 100}},
            "filter_enforced": {"default_value": {"numerator": 0}},
            "request_headers_to_add_when_not_enforced": [
                {"header": {"key": "x-user-admin", "value": "yes"}},
            ],
        }),
    );
    let cache = extension(
        "filters.http.cache.v3.CacheConfig",
        json!({
        "typed_config": any("http.cache.simple_http_cache.v3.SimpleHttpCacheConfig", json!({}))}),
    );
    let notices = |token: &str, mark: &str| {
        get(
            "/notification/notifications",
            &format!("Authorization: Bearer {token}\r\nX-Case: {mark}\r\n"),
        )
    };
    let certificate = "X-Forwarded-Client-Cert: By=spoofed;Subject=\"CN=admin\"\r\n";
    vec![
        case(
            "identity added early",
            "identity-headers-added",
            Part::Mutations,
            Edit::Last("", added),
            get("/api/me", WITH_TOKEN),
            "x-user-admin: yes",
        ),
        roles(
            "identity changed behind",
            "filter-behind-authorization",
            Part::Filters,
            Edit::BeforeLast("", identity_mutation()),
        ),
        roles(
            "identity changed before the service",
            "upstream-filter-unlisted",
            Part::Cluster("task-api"),
            Edit::Set(upstream, filters()),
        ),
        roles(
            "identity changed before all services",
            "upstream-filter-unlisted",
            Part::Filter("envoy.filters.http.router"),
            Edit::Set("/typed_config/upstream_http_filters", filters()),
        ),
        Case {
            before: Some(get("/api/me", WITH_TOKEN)),
            ..case(
                "identity added by a limit",
                "identity-headers-added",
                Part::Filters,
                Edit::First("", limit),
                get("/api/me", WITH_TOKEN),
                "x-user-admin: yes",
            )
        },
        Case {
            before: Some(notices("ANOTHERS_NOTICE_TOKEN", "first-caller")),
            ..case(
                "one caller's answer for the next",
                "filter-behind-authorization",
                Part::Filters,
                Edit::BeforeLast("", cache),
                notices("NOTICE_TOKEN", "next-caller"),
                "x-case: first-caller",
            )
        },
        case(
            "a certificate from a header",
            "client-certificate-believed",
            Part::Manager,
            Edit::Set("/forward_client_cert_details", json!("ALWAYS_FORWARD_ONLY")),
            get("/api/me", &format!("{WITH_TOKEN}{certificate}")),
            "by=spoofed",
        )
        // Without the removal of such headers, so that only this setting decides.
        .with(
            Part::Mutations,
            Edit::Set("", json!([{"remove": "x-nothing"}])),
        ),
        case(
            "identity not removed",
            "identity-headers-not-removed",
            Part::Mutations,
            Edit::Without("", &["\"x-user-\""]),
            get("/api/me", &format!("{WITH_TOKEN}X-User-Admin: yes\r\n")),
            "x-user-admin: yes",
        ),
        case(
            "the client's request id",
            "request-id-not-removed",
            Part::Mutations,
            Edit::Without("", &["\"x-request-id\""]),
            get(
                "/api/me",
                &format!("{WITH_TOKEN}X-Request-Id: chosen-by-me\r\n"),
            ),
            "x-request-id: chosen-by-me",
        )
        // Envoy replaces the id of an external client unless it is set to preserve it.
        .with(
            Part::Manager,
            Edit::Set("/preserve_external_request_id", json!(true)),
        ),
    ]
}
