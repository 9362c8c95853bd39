//! Headers that name another path, host, method or client address than the authorized one.

use super::Says::{Address, Routing};
use super::{Group, exact, prefix};

pub(super) const GROUPS: &[Group] = &[
    Group {
        of: "Envoy",
        says: Routing,
        // Envoy itself trusted those of a client (CVE-2023-27487, CVE-2024-45806).
        page: "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter",
        headers: &[prefix(
            "x-envoy-",
            &[
                "original-path",
                "internal",
                "external-address",
                "upstream-alt-stat-name",
            ],
        )],
    },
    Group {
        of: "an id or a credential that was meant for the gateway",
        says: Routing,
        page: "https://www.rfc-editor.org/rfc/rfc9110.html#section-11.7.2",
        headers: &[exact("x-request-id"), exact("proxy-authorization")],
    },
    Group {
        of: "proxies that rewrite paths and hosts (IIS, Zend, Symfony, nginx)",
        says: Routing,
        page: "https://symfony.com/blog/cve-2018-14773-remove-support-for-legacy-and-risky-http-headers",
        headers: &[
            prefix(
                "x-original-",
                &["url", "uri", "host", "method", "forwarded-for"],
            ),
            prefix("x-rewrite-", &["url"]),
            exact("x-host"),
            exact("x-script-name"),
            exact("x-url-scheme"),
            exact("front-end-https"),
            exact("disguised-host"),
            exact("x-waws-unencoded-url"),
        ],
    },
    Group {
        of: "method overrides",
        says: Routing,
        page: "",
        headers: &[
            exact("x-http-method"),
            exact("x-http-method-override"),
            exact("x-method"),
            exact("x-method-override"),
        ],
    },
    Group {
        of: "what a proxy says of the request that it received",
        says: Routing,
        page: "https://www.rfc-editor.org/rfc/rfc7239.html",
        headers: &[
            exact("forwarded"),
            exact("x-forwarded-host"),
            exact("x-forwarded-port"),
            exact("x-forwarded-prefix"),
            exact("x-forwarded-path"),
            exact("x-forwarded-uri"),
            exact("x-forwarded-url"),
            exact("x-forwarded-method"),
            exact("x-forwarded-protocol"),
            exact("x-forwarded-scheme"),
            exact("x-forwarded-ssl"),
            exact("x-forwarded-server"),
        ],
    },
    Group {
        of: "filters inside frameworks (Next.js, Rack)",
        says: Routing,
        // CVE-2025-29927, CVE-2025-61780.
        page: "https://nvd.nist.gov/vuln/detail/CVE-2025-29927",
        headers: &[
            exact("x-middleware-subrequest"),
            exact("x-sendfile-type"),
            exact("x-accel-mapping"),
        ],
    },
    Group {
        of: "proxies and content delivery networks",
        says: Address,
        page: "",
        headers: &[
            exact("x-real-ip"),
            exact("client-ip"),
            exact("x-client-ip"),
            exact("true-client-ip"),
            exact("x-cluster-client-ip"),
            exact("x-originating-ip"),
            exact("cf-connecting-ip"),
            exact("cf-connecting-ipv6"),
            exact("cf-pseudo-ipv4"),
            exact("fastly-client-ip"),
            exact("fly-client-ip"),
            exact("x-azure-clientip"),
            exact("x-azure-socketip"),
        ],
    },
];
