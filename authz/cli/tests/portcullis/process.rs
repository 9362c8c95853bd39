//! Tests `serve` as a process: it reports invalid settings in one message before it serves.
#![allow(
    clippy::disallowed_methods,
    reason = "no runtime whose worker a pause could block"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use dev_stack::PortChoice;

const POLICY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/policies/task-suite.yaml"
);

/// Timeout that only a server that hangs reaches.
const TIMEOUT: Duration = Duration::from_mins(1);

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// Runs `serve` on free ports with `policy` and a short wait for issuers.
fn serve(policy: &Path, more: &[&str]) -> (Option<i32>, String) {
    let policy = policy.to_str().unwrap();
    let always = [
        "serve",
        "--policy",
        policy,
        "--operations-listen",
        "127.0.0.1:0",
        "--issuer-wait",
        "300ms",
    ];
    let free = ["--listen", "--keys-listen", "--admin-listen"]
        .into_iter()
        .filter(|flag| !more.contains(flag));
    let free = free.flat_map(|flag| [flag, "127.0.0.1:0"]);
    run(&always
        .into_iter()
        .chain(free)
        .chain(more.iter().copied())
        .collect::<Vec<_>>())
}

fn policy_with(folder: &Path, good: &str, bad: &str) -> PathBuf {
    let text = std::fs::read_to_string(POLICY).unwrap();
    assert!(text.contains(good), "{good}");
    let path = folder.join("policy.yaml");
    std::fs::write(&path, text.replace(good, bad)).unwrap();
    path
}

#[test]
fn serve_reports_every_invalid_flag() {
    let (code, text) = run(&[
        "serve",
        "--listen",
        "nowhere",
        "--issuer-wait",
        "soon",
        "--colour",
    ]);
    assert_eq!(code, Some(64), "{text}");
    for part in [
        "--listen",
        "nowhere",
        "--issuer-wait",
        "soon",
        "--colour",
        "--policy",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn invalid_policy_is_reported_with_file_and_field() {
    let folder = tempfile::tempdir().unwrap();
    for (good, bad, parts) in [
        (
            "  issuer: entra",
            "  isuer: entra",
            [
                "policy.yaml:14:3: RoutePolicy tasks: spec.isuer",
                "did you mean issuer?",
            ],
        ),
        (
            "kind: TokenIssuer",
            "kind: [",
            ["policy.yaml:5:", ": is not YAML: "],
        ),
        (
            "requests: 100",
            "requests: lots",
            ["RoutePolicy audit: spec.rateLimit.requests", "lots"],
        ),
        (
            "callers: users",
            "callers: people",
            [
                "RoutePolicy notifications: spec.allow[0].callers",
                "`users`",
            ],
        ),
    ] {
        let (code, text) = serve(&policy_with(folder.path(), good, bad), &[]);
        assert_eq!(code, Some(64), "{text}");
        for part in parts {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }
    let (code, text) = serve(&folder.path().join("absent.yaml"), &[]);
    assert!(
        code == Some(64)
            && text.contains("--policy")
            && text.contains("absent.yaml: cannot be read"),
        "{text}"
    );
}

#[test]
fn check_prints_every_error_and_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let bad = policy_with(folder.path(), "  issuer: entra", "  isuer: entra");
    let check = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .arg("check")
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    assert_eq!(check(&[POLICY]), (Some(0), "no problems\n".to_owned()));
    let (code, text) = check(&[bad.to_str().unwrap()]);
    assert_eq!(
        (code, text.matches("spec.isuer: unknown field").count()),
        (Some(1), 3),
        "{text}"
    );
    let (code, text) = check(&["--format", "json", folder.path().to_str().unwrap()]);
    let problems: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, problems[0]["document"].as_str()),
        (Some(1), Some("RoutePolicy tasks")),
        "{text}"
    );
    assert_eq!(problems[0]["path"], "spec.isuer");
    assert_eq!(
        check(&["--format", "json", POLICY]),
        (Some(0), "[]\n".to_owned())
    );
}

#[test]
fn lint_prints_every_finding_and_exits_with_1() {
    let envoy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");
    let folder = tempfile::tempdir().unwrap();
    let renamed = policy_with(folder.path(), "{name: audit}", "{name: audits}");
    let lint = |policy: &str, more: &[&str]| {
        let arguments = ["lint", "--envoy", envoy, "--policy", policy];
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let output = command
            .args(arguments)
            .args(more)
            .env_clear()
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    assert_eq!(lint(POLICY, &[]), (Some(0), "no findings\n".to_owned()));
    assert_eq!(
        lint(POLICY, &["--format", "json"]),
        (Some(0), "[]\n".to_owned())
    );
    let renamed = renamed.to_str().unwrap();
    let (code, text) = lint(renamed, &[]);
    for part in [
        "routes.yaml: route gateway/gateway/audit: ",
        "did you mean audits? [policy-unknown]\n  danger: ",
        "\n  fix: ",
    ] {
        assert!(
            code == Some(1) && text.contains(part),
            "{part} is missing in:\n{text}"
        );
    }
    let (code, text) = lint(renamed, &["--format", "json", "--allow", "policy-unknown"]);
    let findings: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, findings[0]["code"].as_str(), findings.get(1)),
        (Some(1), Some("policy-without-route"), None)
    );
    for field in ["file", "place", "field", "found", "danger", "fix"] {
        assert!(
            findings[0][field].is_string(),
            "{field} is missing in {text}"
        );
    }
    let both = [
        "--allow",
        "policy-unknown",
        "--allow",
        "policy-without-route",
    ];
    assert_eq!(lint(renamed, &both), (Some(0), "no findings\n".to_owned()));
}

#[test]
fn occupied_port_is_reported_with_flag_and_fix() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--keys-listen"] {
        let (code, text) = serve(Path::new(POLICY), &[flag, &address]);
        assert_eq!(code, Some(1), "{text}");
        for part in [
            format!("{flag} {address}"),
            "choose another port".to_owned(),
        ] {
            assert!(text.contains(&part), "{part} is missing in:\n{text}");
        }
    }
}

/// A running server. Dropping it kills the process.
pub(crate) struct Server {
    child: Child,
    pub(crate) operations: SocketAddr,
}

impl Server {
    /// Starts a server on free ports with `policy`.
    pub(crate) fn start(policy: &Path, wait: &str, variables: &[(&str, &str)]) -> Self {
        let operations = SocketAddr::from(([127, 0, 0, 1], PortChoice::AnyFree.pick(0).unwrap()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args([
            "serve",
            "--policy",
            policy.to_str().unwrap(),
            "--issuer-wait",
            wait,
        ]);
        let free = ["--listen", "--keys-listen", "--admin-listen"];
        command.args(free.iter().flat_map(|flag| [*flag, "127.0.0.1:0"]));
        command
            .args(["--operations-listen", &operations.to_string()])
            .env_clear()
            .envs(variables.iter().copied());
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, operations }
    }

    /// Waits until the server listens, and returns its response for `path`.
    pub(crate) fn get(&mut self, path: &str) -> String {
        let started = Instant::now();
        loop {
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "the server has ended"
            );
            if let Ok(mut connection) = TcpStream::connect(self.operations) {
                write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
                let mut answer = String::new();
                connection.read_to_string(&mut answer).unwrap();
                return answer;
            }
            assert!(started.elapsed() < TIMEOUT, "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Polls `/readyz` until a response contains all `parts`.
    fn readiness_with(&mut self, parts: &[&str]) -> String {
        let started = Instant::now();
        loop {
            let answer = self.get("/readyz");
            if parts.iter().all(|part| answer.contains(part)) {
                return answer;
            }
            assert!(
                started.elapsed() < TIMEOUT,
                "{parts:?} are not in: {answer}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn unreachable_issuer_keeps_server_running_but_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was bound and closed, so nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let authority = format!("https://localhost:{port}");
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
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let authority = format!("https://localhost:{port}");
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
fn invalid_key_file_is_reported() {
    let (code, text) = serve(Path::new(POLICY), &["--assertion-key", POLICY]);
    assert!(
        code == Some(64) && text.contains("--assertion-key") && text.contains("PKCS#8"),
        "{text}"
    );
    let (code, text) = serve(Path::new(POLICY), &["--assertion-key", "absent.pem"]);
    assert!(
        code == Some(64) && text.contains("absent.pem: cannot be read"),
        "{text}"
    );
}

#[test]
fn invalid_folder_of_mac_keys_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for (file, content, part) in [
        (
            "task-api",
            "c2hvcnQ=",
            "task-api: line 1 has a key of 5 bytes",
        ),
        ("task-api", key, "audit and task-api have the same key"),
    ] {
        std::fs::write(folder.path().join("audit"), key).unwrap();
        std::fs::write(folder.path().join(file), content).unwrap();
        let (code, text) = serve(
            Path::new(POLICY),
            &["--assertion-mac-keys", folder.path().to_str().unwrap()],
        );
        assert!(
            code == Some(64) && text.contains("--assertion-mac-keys") && text.contains(part),
            "{text}"
        );
        assert!(!text.contains(key), "{text}");
    }
}

#[test]
fn invalid_key_store_is_reported() {
    for folder in ["absent", POLICY] {
        let (code, text) = serve(Path::new(POLICY), &["--key-store", folder]);
        assert!(
            code == Some(64) && text.contains("--key-store") && text.contains("is not a folder"),
            "{text}"
        );
    }
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
