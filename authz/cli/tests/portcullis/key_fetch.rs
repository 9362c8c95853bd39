//! The server fetches keys through a proxy, and serves what it can without them.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use crate::policy_file::policy_with;
use crate::server::Server;

/// An authority on a port that was bound and closed, so nothing listens there.
fn unreachable_authority() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    )
}

#[test]
fn unreachable_issuer_keeps_server_running_but_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let authority = unreachable_authority();
    let policy = policy_with(folder.path(), "https://localhost:8443", &authority);
    let mut server = Server::start(&policy, "300ms", &[]);
    let parts = [
        "503",
        "issuer entra",
        &authority,
        "/.well-known/openid-configuration",
        "cannot be reached",
        "refused",
    ];
    server.readiness_with(&parts);
    let metrics = server.get("/metrics");
    for version in ["", "v2.0/"] {
        let source =
            format!("{authority}/11111111-1111-4111-8111-111111111111/{version}.well-known");
        let gauge = format!("portcullis_issuer_ready{{issuer=\"entra\",source=\"{source}");
        let line = metrics.lines().find(|line| line.starts_with(&gauge));
        assert!(
            line.is_some_and(|line| line.ends_with(" 0")),
            "{gauge} in {metrics}"
        );
    }
}

#[test]
fn policy_for_anyone_is_served_without_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let authority = unreachable_authority();
    let policy = policy_with(folder.path(), "https://localhost:8443", &authority);
    let public = "\n---\napiVersion: portcullis.dev/v1alpha1\nkind: RoutePolicy\n\
        metadata: {name: public}\nspec: {allow: [{callers: anyone}], upstream: {name: web}}\n";
    std::fs::write(
        &policy,
        format!("{}{public}", std::fs::read_to_string(&policy).unwrap()),
    )
    .unwrap();
    let mut server = Server::start(&policy, "300ms", &[]);
    server.readiness_with(&[
        "200",
        "\nready\nmissing: signing keys: issuer entra: ",
        &authority,
    ]);
}

#[test]
fn keys_are_fetched_through_proxy_of_environment() {
    let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
    let url = |proxy: &TcpListener| format!("http://{}", proxy.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    // A name that does not resolve without a proxy (RFC 6761 §6.4).
    let policy = policy_with(
        folder.path(),
        "https://localhost:8443",
        "https://issuer.invalid",
    );
    let proxy = listener();
    let _server = Server::start(&policy, "10s", &[("HTTPS_PROXY", &url(&proxy))]);
    let (connection, _) = proxy.accept().unwrap();
    let mut first_line = String::new();
    BufReader::new(connection)
        .read_line(&mut first_line)
        .unwrap();
    assert_eq!(first_line, "CONNECT issuer.invalid:443 HTTP/1.1\r\n");

    let proxy = listener();
    proxy.set_nonblocking(true).unwrap();
    let mut server = Server::start(
        &policy,
        "300ms",
        &[
            ("HTTPS_PROXY", &url(&proxy)),
            ("NO_PROXY", "issuer.invalid"),
        ],
    );
    server.readiness_with(&["503", "https://issuer.invalid/", "cannot be reached"]);
    assert!(
        proxy.accept().is_err(),
        "the proxy got a request for a host in NO_PROXY"
    );
}
