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
    let report = report().await;
    for (group, case, seen) in [
        (
            "headers, protected, h1",
            "x-user-oid: _ for -",
            "x_user_oid",
        ),
        (
            "headers, public, h1",
            "x-tenant-id: lower case",
            "x-tenant-id",
        ),
        (
            "headers, unknown, h1",
            "remote-user: upper case",
            "REMOTE-USER",
        ),
        (
            "headers, preflight, h1",
            "x-forwarded-for: twice",
            "x-forwarded-for",
        ),
        (
            "paths, no token, h1",
            "one letter escaped",
            "reached the handler /orders",
        ),
        (
            "smuggling, h1",
            "CL.TE: Transfer-Encoding: chunked",
            "a request of its own: GET /orders?",
        ),
        (
            "smuggling, h1",
            "CL.TE: Transfer-Encoding: chunked",
            "with Content-Length and Transfer-Encoding",
        ),
        (
            "smuggling, h1",
            "CL.TE: Transfer-Encoding: chunked",
            "the client got the answer to pczp",
        ),
    ] {
        let group = report
            .group(group)
            .unwrap_or_else(|| panic!("there is no group {group}"));
        assert!(
            found(group, case, seen),
            "{case} is missing:\n{}",
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
