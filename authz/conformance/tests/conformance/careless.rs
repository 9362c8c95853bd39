//! Runs the tests against a gateway with one fault of each kind, and expects a finding for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

mod gateway;

use std::time::Duration;

use portcullis_conformance::{
    Echo, Group, Handlers, IdentityHeaders, Progress, Protected, Report, Target, run,
};
use tokio::net::TcpListener;

async fn report() -> Report {
    let traffic = bound().await;
    let records = bound().await;
    let entrance = bound().await;
    let service = traffic.local_addr().unwrap();
    let target = Target {
        gateway: entrance.local_addr().unwrap(),
        host: "gateway".to_owned(),
        records: format!("http://{}", records.local_addr().unwrap()),
        protected: vec![Protected {
            path: "/orders".to_owned(),
            token: gateway::TOKEN.to_owned(),
        }],
        public: vec!["/open".to_owned()],
        origin: "http://localhost:3000".to_owned(),
        identity: IdentityHeaders::default(),
        limit: Duration::from_secs(1),
        connections: 32,
    };
    let echo = tokio::spawn(
        Echo {
            traffic,
            records,
            handlers: Handlers::new(["/orders"]).unwrap(),
        }
        .serve(),
    );
    let gateway = tokio::spawn(gateway::serve(entrance, service));
    let report = run(target, &Progress::default()).await.unwrap();
    echo.abort();
    gateway.abort();
    report
}

async fn bound() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

fn found(group: &Group, case: &str, seen: &str) -> bool {
    group
        .findings
        .iter()
        .any(|finding| finding.case.contains(case) && finding.seen.contains(seen))
}

#[tokio::test(flavor = "multi_thread")]
async fn careless_gateway_has_a_finding_for_each_fault() {
    struct Fault {
        name: &'static str,
        group: &'static str,
        case: &'static str,
        seen: &'static str,
    }

    let report = report().await;
    for Fault {
        name,
        group,
        case,
        seen,
    } in [
        Fault {
            name: "underscores for hyphens",
            group: "headers, protected, h1",
            case: "x-user-oid: _ for -",
            seen: "x_user_oid",
        },
        Fault {
            name: "lower case",
            group: "headers, public, h1",
            case: "x-tenant-id: lower case",
            seen: "x-tenant-id",
        },
        Fault {
            name: "upper case",
            group: "headers, unknown, h1",
            case: "remote-user: upper case",
            seen: "REMOTE-USER",
        },
        Fault {
            name: "header given twice",
            group: "headers, preflight, h1",
            case: "x-forwarded-for: twice",
            seen: "x-forwarded-for",
        },
        Fault {
            name: "path with an escaped letter",
            group: "paths, no token, h1",
            case: "one letter escaped",
            seen: "reached the handler /orders",
        },
        Fault {
            name: "smuggled request",
            group: "smuggling, h1",
            case: "CL.TE: Transfer-Encoding: chunked",
            seen: "a request of its own: GET /orders?",
        },
        Fault {
            name: "both lengths",
            group: "smuggling, h1",
            case: "CL.TE: Transfer-Encoding: chunked",
            seen: "with Content-Length and Transfer-Encoding",
        },
        Fault {
            name: "answer to another request",
            group: "smuggling, h1",
            case: "CL.TE: Transfer-Encoding: chunked",
            seen: "the client got the answer to pczp",
        },
    ] {
        let group = report
            .group(group)
            .unwrap_or_else(|| panic!("{name}: there is no group {group}"));
        assert!(
            found(group, case, seen),
            "{name}: {case} is missing:\n{}",
            report.text()
        );
    }
    let own = report.group("headers, protected, h1").unwrap();
    // A removed header is no finding, and the request of a finding can be sent again.
    assert!(!found(own, "x-user-oid: upper case", ""));
    let again = own
        .findings
        .iter()
        .find(|finding| finding.case == "x-user-oid: _ for -")
        .unwrap();
    assert!(again.request.starts_with(
        "GET /orders HTTP/1.1\\r\\nHost: gateway\\r\\nauthorization: Bearer <token>\\r\\n"
    ));
    for group in report
        .groups
        .iter()
        .filter(|group| group.name.ends_with("h2"))
    {
        assert!(group.cases == 0 && group.skipped.is_some(), "{group:?}");
    }
}
