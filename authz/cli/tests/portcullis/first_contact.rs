//! Errors that a new user meets: a missing command, an invalid setting, an untrusted issuer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use dev_entra::InProcess;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;

use crate::policy_file::POLICY;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// Timeout that only a server that hangs reaches.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Words of libraries, and paths of the build machine, that no message may have.
const LIBRARY_WORDS: [&str; 5] = [
    "UnknownIssuer",
    "corrupt message",
    "cargo/registry",
    "log.file",
    "rustls_platform",
];

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

async fn outcome(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = timeout(TIMEOUT, command.output()).await.unwrap().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn program_without_command_prints_usage() {
    let (code, text) = outcome(program(&[])).await;
    assert_eq!(code, Some(2), "{text}");
    for part in ["Usage: portcullis", "serve", "check", "lint"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let (code, text) = outcome(program(&["check"])).await;
    assert!(
        code == Some(64)
            && text.contains("<FILE>...: is missing; Usage: portcullis check <FILE>..."),
        "{text}"
    );
}

#[tokio::test]
async fn invalid_setting_is_reported_with_variable_and_example() {
    struct Case {
        name: &'static str,
        arguments: &'static [&'static str],
        variables: &'static [(&'static str, &'static str)],
        expected: &'static str,
    }

    let serve = ["serve", "--policy", POLICY];
    for Case {
        name,
        arguments,
        variables,
        expected,
    } in [
        Case {
            name: "flag",
            arguments: &["--listen", "9000"],
            variables: &[],
            expected: "portcullis: --listen 9000: `9000` is a port without an address; write \
             127.0.0.1:9000 for this machine or [::]:9000 for every network (flag --listen, \
             environment variable LISTEN)\n",
        },
        Case {
            name: "variable",
            arguments: &[],
            variables: &[("KEYS_LISTEN", "9001")],
            expected: "portcullis: KEYS_LISTEN=9001: invalid socket address syntax (environment \
             variable KEYS_LISTEN, flag --keys-listen; for example KEYS_LISTEN=127.0.0.1:9001)\n",
        },
        Case {
            name: "log filter",
            arguments: &[],
            variables: &[("LOG", "a=b=c")],
            expected: "portcullis: LOG=a=b=c: is not a level, nor a list of targets and levels as \
             target=level,target=level (environment variable LOG, flag --log; for example \
             LOG=info)\n",
        },
        Case {
            name: "secret",
            arguments: &[],
            variables: &[("RATE_LIMIT_STORE", "http://user:s3cret@host")],
            expected: "portcullis: RATE_LIMIT_STORE: is not a URL such as redis://host:6379 or \
             rediss://user:password@host:6380/0 (environment variable RATE_LIMIT_STORE, flag \
             --rate-limit-store)\n",
        },
        Case {
            name: "found at the start",
            arguments: &["--admin-listen", "0.0.0.0:0"],
            variables: &[("ASSERTION_KEY_FILE", "absent.pem")],
            expected: "portcullis: --assertion-key absent.pem: cannot be read: No such file or \
             directory (os error 2) (environment variable ASSERTION_KEY_FILE, flag \
             --assertion-key; for example ASSERTION_KEY_FILE=path/to/assertion-key)\n",
        },
    ] {
        let mut command = program(&[&serve[..], arguments].concat());
        command
            .envs(variables.iter().copied())
            .args(["--operations-listen", "127.0.0.1:0"]);
        let (code, text) = outcome(command).await;
        assert_eq!((code, text.as_str()), (Some(64), expected), "{name}");
    }
}

/// Writes the example policies for this authority and this tenant.
fn policy(folder: &TempDir, authority: &str, tenant: &str) -> PathBuf {
    let text = std::fs::read_to_string(POLICY).unwrap();
    let path = folder.path().join("policy.yaml");
    std::fs::write(
        &path,
        text.replace("https://localhost:8443", authority)
            .replace(TENANT, tenant),
    )
    .unwrap();
    path
}

/// Runs the server until a line of its log contains `last`, and returns the log.
async fn log_until(policy: &Path, extra_ca: Option<&Path>, last: &str) -> String {
    let any = "127.0.0.1:0";
    let mut command = program(&[
        "serve",
        "--issuer-wait",
        "300ms",
        "--policy",
        policy.to_str().unwrap(),
    ]);
    for flag in [
        "--listen",
        "--keys-listen",
        "--admin-listen",
        "--operations-listen",
    ] {
        command.args([flag, any]);
    }
    if let Some(file) = extra_ca {
        command.arg("--extra-ca").arg(file);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut log = String::new();
    let search = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            log.push_str(&line);
            log.push('\n');
            if line.contains(last) {
                return;
            }
        }
        panic!("the server ended");
    };
    let found = timeout(TIMEOUT, search).await;
    assert!(found.is_ok(), "'{last}' is missing in:\n{log}");
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn untrusted_issuer_is_reported_with_a_fix() {
    struct Case<'a> {
        name: &'static str,
        authority: String,
        tenant: &'static str,
        extra_ca: Option<&'a Path>,
        expected: &'a str,
    }

    let issuer = InProcess::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, issuer.authority_pem()).unwrap();
    let plain = plain_http_server().await;
    let unknown = "33333333-3333-4333-8333-333333333333";
    let aadsts = format!("answered 400 Bad Request: AADSTS90002: Tenant '{unknown}' not found.");
    for Case {
        name,
        authority,
        tenant,
        extra_ca,
        expected,
    } in [
        Case {
            name: "private authority",
            authority: issuer.authority(),
            tenant: TENANT,
            extra_ca: None,
            expected: "by --extra-ca FILE or EXTRA_CA_FILE in the environment",
        },
        Case {
            name: "plain HTTP",
            authority: plain,
            tenant: TENANT,
            extra_ca: None,
            expected: "answers without TLS, probably in plain HTTP",
        },
        Case {
            name: "unknown tenant",
            authority: issuer.authority(),
            tenant: unknown,
            extra_ca: Some(ca.as_path()),
            expected: aadsts.as_str(),
        },
    ] {
        let log = log_until(
            &policy(&folder, &authority, tenant),
            extra_ca,
            "works for no request",
        )
        .await;
        let fetches: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("signing keys cannot be fetched"))
            .collect();
        assert_eq!(
            fetches.len(),
            2,
            "{name}, a line for each of Entra's two versions:\n{log}"
        );
        assert!(
            fetches
                .iter()
                .all(|line| line.contains(&authority) && line.contains(expected)),
            "{name}:\n{log}"
        );
        assert!(log.contains("issuer entra: "), "{name}:\n{log}");
        assert!(
            LIBRARY_WORDS.iter().all(|words| !log.contains(words)),
            "{name}:\n{log}"
        );
        assert!(!log.contains("Trace ID"), "{name}:\n{log}");
    }
}

/// Starts a server that answers plain HTTP, and returns its address as an https URL.
async fn plain_http_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _read = connection.read(&mut [0; 1024]).await;
            let _written = connection
                .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    });
    authority
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_authority_is_reported_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, "old authority");
    parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = parameters
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let log = log_until(
        &policy(&folder, "https://localhost:1", TENANT),
        Some(&file),
        "expired at",
    )
    .await;
    for part in [
        "the certificate 'CN=old authority' expired at Jan  1 00:00:00 2020",
        "--extra-ca",
        "ca.pem",
        "WARN",
    ] {
        assert!(log.contains(part), "{part} is missing in:\n{log}");
    }
}
