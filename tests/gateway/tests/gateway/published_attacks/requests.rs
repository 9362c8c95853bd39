/// A string that no name, path or token of the stack has.
///
/// A service that receives it has seen a successful attack.
pub(crate) const CANARY: &str = "spoofed-by-client";

/// A published attack.
pub(crate) struct Published {
    /// The CVEs of the attack, separated by spaces.
    pub(crate) cve: &'static str,
    /// The request. `TOKEN` stands for a Reader's token, `BYTE` for a character that is not ASCII.
    pub(crate) request: &'static str,
    /// The allowed answers.
    ///
    /// `200` is allowed only if the token is good for the request and Envoy removes the attack.
    pub(crate) expected: &'static [&'static str],
}

macro_rules! request {
    ($line:literal $(, $header:literal)*) => {
        concat!($line, " HTTP/1.1\r\nConnection: close\r\n", $($header, "\r\n",)* "\r\n")
    };
}

/// A request with a Reader's token.
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
        // Envoy removes the lone CR, so it cannot end a line.
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
            "GET /api/me HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer TOKEN\r\n",
            "Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
            "GET /auditing/audit?spoofed-by-client HTTP/1.1\r\nHost: gateway\r\n\r\n"
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
        request: concat!(
            "CONNECT gateway:80 HTTP/1.1\r\nHost: gateway:80\r\nConnection: close\r\n\r\n",
            "spoofed-by-client"
        ),
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
        // Envoy 1.40 reads `..;` as `..`, so the policy of `/auditing/audit` decides.
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
