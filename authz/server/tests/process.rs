//! The program as it runs: what cannot work is said in one message before anything is served.
#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers outside #[test] functions too")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dev/stack/policy.yaml");

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } =
        Command::new(env!("CARGO_BIN_EXE_portcullis")).args(arguments).env_clear().output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// `serve` on free ports with `policy`, failing fast where it waits for an issuer.
fn serve(policy: &Path, more: &[&str]) -> (Option<i32>, String) {
    let policy = policy.to_str().unwrap();
    let always = ["serve", "--policy", policy, "--operations-listen", "127.0.0.1:0", "--issuer-wait", "300ms"];
    let free = ["--listen", "--keys-listen", "--administration-listen"].into_iter().filter(|flag| !more.contains(flag));
    let free = free.flat_map(|flag| [flag, "127.0.0.1:0"]);
    run(&always.into_iter().chain(free).chain(more.iter().copied()).collect::<Vec<_>>())
}

fn policy_with(folder: &Path, good: &str, bad: &str) -> PathBuf {
    let text = std::fs::read_to_string(POLICY).unwrap();
    assert!(text.contains(good), "{good}");
    let path = folder.join("policy.yaml");
    std::fs::write(&path, text.replace(good, bad)).unwrap();
    path
}

#[test]
fn every_wrong_flag_is_named_at_once() {
    let (code, text) = run(&["serve", "--listen", "nowhere", "--issuer-wait", "soon", "--colour"]);
    assert_eq!(code, Some(64), "{text}");
    for part in ["--listen", "nowhere", "--issuer-wait", "soon", "--colour", "--policy"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn a_policy_that_cannot_be_used_is_explained_with_file_and_field() {
    let folder = tempfile::tempdir().unwrap();
    for (good, bad, parts) in [
        ("  issuer: entra", "  isuer: entra", ["policy.yaml: RoutePolicy tasks: spec.isuer", "did you mean issuer?"]),
        ("kind: TokenIssuer", "kind: [", ["policy.yaml: is not YAML", "line 5"]),
        ("requests: 100", "requests: lots", ["RoutePolicy audit: spec.rateLimit.requests", "lots"]),
        ("callers: users", "callers: people", ["RoutePolicy notifications: spec.allow[0].callers", "`users`"]),
    ] {
        let (code, text) = serve(&policy_with(folder.path(), good, bad), &[]);
        assert_eq!(code, Some(64), "{text}");
        for part in parts {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }
    let (code, text) = serve(&folder.path().join("absent.yaml"), &[]);
    assert!(code == Some(64) && text.contains("--policy") && text.contains("absent.yaml: cannot be read"), "{text}");
}

#[test]
fn check_prints_every_problem_and_its_exit_code_says_whether_there_was_one() {
    let folder = tempfile::tempdir().unwrap();
    let bad = policy_with(folder.path(), "  issuer: entra", "  isuer: entra");
    let check = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_portcullis")).arg("check").args(arguments).env_clear().output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(check(&[POLICY]), (Some(0), "no problems\n".to_owned()));
    let (code, text) = check(&[bad.to_str().unwrap()]);
    assert_eq!((code, text.matches("spec.isuer: unknown field").count()), (Some(1), 3), "{text}");
    let (code, text) = check(&["--format", "json", folder.path().to_str().unwrap()]);
    let problems: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, problems[0]["document"].as_str()), (Some(1), Some("RoutePolicy tasks")), "{text}");
    assert_eq!(problems[0]["path"], "spec.isuer");
    assert_eq!(check(&["--format", "json", POLICY]), (Some(0), "[]\n".to_owned()));
}

#[test]
fn lint_prints_every_finding_and_its_exit_code_says_whether_there_was_one() {
    let envoy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../envoy");
    let folder = tempfile::tempdir().unwrap();
    let renamed = policy_with(folder.path(), "{name: audit}", "{name: audits}");
    let lint = |policy: &str, more: &[&str]| {
        let arguments = ["lint", "--envoy", envoy, "--policy", policy];
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let output = command.args(arguments).args(more).env_clear().output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(lint(POLICY, &[]), (Some(0), "no findings\n".to_owned()));
    assert_eq!(lint(POLICY, &["--format", "json"]), (Some(0), "[]\n".to_owned()));
    let renamed = renamed.to_str().unwrap();
    let (code, text) = lint(renamed, &[]);
    for part in
        ["routes.yaml: route gateway/gateway/audit: ", "did you mean audits? [policy-unknown]\n  danger: ", "\n  fix: "]
    {
        assert!(code == Some(1) && text.contains(part), "{part} is missing in:\n{text}");
    }
    let (code, text) = lint(renamed, &["--format", "json", "--allow", "policy-unknown"]);
    let findings: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, findings[0]["code"].as_str(), findings.get(1)), (Some(1), Some("policy-without-route"), None));
    for field in ["file", "place", "field", "found", "danger", "fix"] {
        assert!(findings[0][field].is_string(), "{field} is missing in {text}");
    }
    let both = ["--allow", "policy-unknown", "--allow", "policy-without-route"];
    assert_eq!(lint(renamed, &both), (Some(0), "no findings\n".to_owned()));
}

#[test]
fn an_occupied_port_names_the_flag_and_the_fix() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--keys-listen"] {
        let (code, text) = serve(Path::new(POLICY), &[flag, &address]);
        assert_eq!(code, Some(1), "{text}");
        for part in [format!("{flag} {address}"), "choose another port".to_owned()] {
            assert!(text.contains(&part), "{part} is missing in:\n{text}");
        }
    }
}

#[test]
fn an_issuer_that_cannot_be_reached_is_named_with_its_document() {
    let folder = tempfile::tempdir().unwrap();
    // Bound and dropped: nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let authority = format!("https://localhost:{port}");
    let (code, text) = serve(&policy_with(folder.path(), "https://localhost:8443", &authority), &[]);
    assert_eq!(code, Some(1), "{text}");
    for part in ["policy.yaml", &authority, "/.well-known/openid-configuration", "cannot be reached", "refused"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_key_file_that_is_none_is_explained() {
    let (code, text) = serve(Path::new(POLICY), &["--assertion-key", POLICY]);
    assert!(code == Some(64) && text.contains("--assertion-key") && text.contains("PKCS#8"), "{text}");
    let (code, text) = serve(Path::new(POLICY), &["--assertion-key", "absent.pem"]);
    assert!(code == Some(64) && text.contains("absent.pem: cannot be read"), "{text}");
}

#[test]
fn a_folder_that_cannot_keep_keys_is_explained() {
    for folder in ["absent", POLICY] {
        let (code, text) = serve(Path::new(POLICY), &["--key-store", folder]);
        assert!(code == Some(64) && text.contains("--key-store") && text.contains("is not a folder"), "{text}");
    }
}

#[test]
fn keys_are_fetched_through_the_proxy_of_the_environment() {
    let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
    let url = |proxy: &TcpListener| format!("http://{}", proxy.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    // A name that only a proxy could resolve (RFC 6761 §6.4).
    let policy = policy_with(folder.path(), "https://localhost:8443", "https://issuer.invalid");
    let arguments = ["serve", "--policy", policy.to_str().unwrap(), "--issuer-wait", "10s"];
    let ports = ["--listen", "--keys-listen", "--administration-listen", "--operations-listen"];
    let start = |variables: &[(&str, &str)], wait: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args(arguments.iter().map(|argument| if *argument == "10s" { wait } else { argument }));
        command.args(ports.iter().flat_map(|flag| [*flag, "127.0.0.1:0"]));
        command.env_clear().envs(variables.iter().copied()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let proxy = listener();
    let mut child = start(&[("HTTPS_PROXY", &url(&proxy))], "10s");
    let (connection, _) = proxy.accept().unwrap();
    let mut first_line = String::new();
    BufReader::new(connection).read_line(&mut first_line).unwrap();
    assert_eq!(first_line, "CONNECT issuer.invalid:443 HTTP/1.1\r\n");
    child.kill().unwrap();
    child.wait().unwrap();

    let proxy = listener();
    proxy.set_nonblocking(true).unwrap();
    let child = start(&[("HTTPS_PROXY", &url(&proxy)), ("NO_PROXY", "issuer.invalid")], "300ms");
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let text = String::from_utf8(stderr).unwrap();
    assert!(status.code() == Some(1) && text.contains("https://issuer.invalid/"), "{text}");
    assert!(proxy.accept().is_err(), "the proxy was asked for a host that NO_PROXY excepts");
}
