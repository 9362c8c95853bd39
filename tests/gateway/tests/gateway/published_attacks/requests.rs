/// In no name, path or token of the development stack, so that where a service sees it, the attack
/// got through.
pub(crate) const CANARY: &str = "spoofed-by-client";

/// One attack.
pub(crate) struct Published {
    /// The CVEs that it is an instance of.
    pub(crate) cve: &'static str,
    /// `TOKEN` stands for a Reader's token, `BYTE` for what is not ASCII.
    pub(crate) request: &'static str,
    /// Any of these answers will do. A `200` is only right where the token allows what is asked and
    /// the attack is taken off the request.
    pub(crate) expected: &'static [&'static str],
}

macro_rules! request {
    ($line:literal $(, $header:literal)*) => {
        concat!($line, " HTTP/1.1\r\nConnection: close\r\n", $($header, "\r\n",)* "\r\n")
    };
}

/// What a Reader may ask for.
macro_rules! as_reader {
    ($line:literal $(, $header:literal)*) => {
        request!($line, "Host: gateway", "Authorization: Bearer TOKEN" $(, $header)*)
    };
}

const NOT_FOR_READERS: &[&str] = &["401 audience_not_allowed"];
const MALFORMED: &[&str] = &["400 request_malformed"];
const NO_TOKEN: &[&str] = &["401 token_missing"];

pub(crate) const PUBLISHED: &[Published] = &[
    Published {
        cve: "CVE-2019-18802",
        request: as_reader!(
            "GET /api/me",
            "X-User-OID: spoofed-by-client ",
            "X-User-Roles : spoofed-by-client"
        ),
        expected: &["400 request_malformed", "200"],
    },
    Published {
        cve: "CVE-2020-8595",
        request: as_reader!("GET /auditing/audit?spoofed-by-client"),
        expected: NOT_FOR_READERS,
    },
    Published {
        cve: "CVE-2020-8595 CVE-2021-32779 CVE-2021-39156",
        request: as_reader!("GET /auditing/audit#/api/me"),
        expected: MALFORMED,
    },
    Published {
        cve: "CVE-2020-25017",
        request: as_reader!(
            "GET /api/me",
            "X-User-OID: spoofed-by-client",
            "x-user-oid: spoofed-by-client"
        ),
        expected: &["200"],
    },
    Published {
        cve: "CVE-2021-29492",
        request: as_reader!("GET /api/tasks/..%2f..%2fauditing/audit"),
        expected: MALFORMED,
    },
    Published {
        cve: "CVE-2021-29492",
        request: as_reader!("GET /api/tasks/..%5c..%5cauditing/audit"),
        expected: MALFORMED,
    },
    Published {
        cve: "CVE-2021-31920",
        request: as_reader!("GET //auditing///audit"),
        expected: NOT_FOR_READERS,
    },
    Published {
        cve: "CVE-2021-32777",
        request: as_reader!("GET /api/me", "Authorization: Bearer spoofed-by-client"),
        expected: &["401 authorization_ambiguous"],
    },
    Published {
        cve: "CVE-2021-39155",
        request: request!("GET /api/me", "Host: GATEWAY"),
        expected: NO_TOKEN,
    },
    Published {
        cve: "CVE-2023-27487 CVE-2024-7207",
        request: as_reader!(
            "GET /auditing/audit",
            "x-envoy-original-path: /api/me?spoofed-by-client"
        ),
        expected: NOT_FOR_READERS,
    },
    Published {
        cve: "CVE-2023-27488 CVE-2024-23324",
        request: request!(
            "GET /api/me",
            "Host: gateway",
            "Authorization: Bearer BYTE",
            "X-User-Name: BYTEspoofed-by-client"
        ),
        expected: &["401 authorization_malformed", "401 token_malformed"],
    },
    Published {
        cve: "CVE-2023-27491",
        request: as_reader!("GET /api/me HTTP/1.1 spoofed-by-client"),
        expected: MALFORMED,
    },
    Published {
        cve: "CVE-2023-27493",
        request: as_reader!("GET /api/me", "X-Any: a\rX-User-OID: other"),
        // Envoy takes the lone CR away, so that it ends no line anywhere.
        expected: &["200"],
    },
    Published {
        cve: "CVE-2023-35944",
        request: request!("GET HTTP://gateway/api/me", "Host: gateway"),
        expected: NO_TOKEN,
    },
    Published {
        cve: "CVE-2024-23326 CVE-2026-73548",
        request: concat!(
            "GET /api/me HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer TOKEN\r\nConnection: Upgrade, close\r\n",
            "Upgrade: websocket\r\n\r\nGET /auditing/audit?spoofed-by-client HTTP/1.1\r\nHost: gateway\r\n\r\n"
        ),
        expected: &["403 upgrade_refused"],
    },
    Published {
        cve: "CVE-2024-45806",
        request: as_reader!(
            "GET /api/me",
            "x-envoy-internal: spoofed-by-client",
            "x-envoy-decorator-operation: spoofed-by-client"
        ),
        expected: &["200"],
    },
    Published {
        cve: "CVE-2025-46821",
        request: as_reader!("GET /api/tasks/*"),
        expected: &["404 route_not_found"],
    },
    Published {
        cve: "CVE-2025-64763 CVE-2026-73547",
        request: "CONNECT gateway:80 HTTP/1.1\r\nHost: gateway:80\r\nConnection: close\r\n\r\nspoofed-by-client",
        expected: &[
            "404 route_not_found",
            "400 request_malformed",
            "405 method_not_allowed",
            "400",
        ],
    },
    Published {
        cve: "CVE-2026-26308",
        request: as_reader!(
            "GET /api/me",
            "X-User-Roles: Admin",
            "X-User-Roles: spoofed-by-client"
        ),
        expected: &["200"],
    },
    Published {
        cve: "CVE-2026-73551 CVE-2026-73511",
        request: as_reader!("GET /api/..;/auditing/audit"),
        // Envoy 1.40 reads `..;` as `..`, so that the policy of what the service is asked for
        // decides.
        expected: &["401 audience_not_allowed"],
    },
    Published {
        cve: "CVE-2026-73553",
        request: as_reader!("GET /auditing/audit;spoofed=by-client"),
        expected: &["404 route_not_found"],
    },
    Published {
        cve: "CVE-2026-73552",
        request: as_reader!("GET /api/tasks/BYTE"),
        expected: &["404 route_not_found", "400 request_malformed"],
    },
    Published {
        cve: "CVE-2026-73550",
        request: as_reader!("GET /api/me", "Host: spoofed-by-client"),
        expected: &["400", "400 request_malformed"],
    },
    Published {
        cve: "CVE-2025-24030",
        request: as_reader!("GET /metrics/../stats"),
        expected: &["404 route_not_found"],
    },
    Published {
        cve: "CVE-2025-54576",
        request: request!("GET /auditing/audit?/health", "Host: gateway"),
        expected: NO_TOKEN,
    },
    Published {
        cve: "CVE-2025-64484",
        request: as_reader!("GET /api/me", "X_User_OID: spoofed-by-client"),
        expected: MALFORMED,
    },
    Published {
        cve: "CVE-2026-34457",
        request: request!(
            "GET /api/me",
            "Host: gateway",
            "User-Agent: kube-probe/1.36"
        ),
        expected: NO_TOKEN,
    },
    Published {
        cve: "CVE-2026-40575",
        request: as_reader!(
            "GET /auditing/audit",
            "X-Forwarded-Uri: /api/me?spoofed-by-client"
        ),
        expected: NOT_FOR_READERS,
    },
    Published {
        cve: "CVE-2026-33494",
        request: as_reader!("GET /api/me/../../auditing/audit"),
        expected: NOT_FOR_READERS,
    },
];
