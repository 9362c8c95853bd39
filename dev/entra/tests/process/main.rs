//! The program as a process, with real arguments, TLS and signals.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

mod admin;
mod reload;
mod restart;

use std::path::Path;
use std::process::{Output, Stdio};

use dev_service::CONTOSO;
use dev_service::log::{self, PATIENCE};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/directory.yaml");

fn program(state: &Path, directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dev-entra"));
    command
        .args(["--operations-listen", "127.0.0.1:0"])
        .arg("--state")
        .arg(state)
        .arg("--directory")
        .arg(directory);
    command
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn finished(child: Child) -> Output {
    tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn program_serves_tls_of_its_authority_and_stops_on_sigterm() {
    let state = tempfile::tempdir().unwrap();
    let mut child = program(state.path(), Path::new(DIRECTORY))
        .args(["--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let authority = log::listening(&mut lines).await["authority"]
        .as_str()
        .unwrap()
        .to_owned();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(state.path().join("ca.pem")).unwrap())
        .unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([ca])
        .build()
        .unwrap();

    let metadata = format!("/{CONTOSO}/v2.0/.well-known/openid-configuration");
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("{}{metadata}", authority.replace("localhost", host));
        let document: Value = trusting
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(
            document["issuer"],
            format!("{authority}/{CONTOSO}/v2.0"),
            "{host}"
        );
    }

    let wary = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(
        wary.get(format!("{authority}{metadata}"))
            .send()
            .await
            .is_err(),
        "a client without ca.pem trusted the server"
    );

    let form = "grant_type=password&client_id=3a5c0004-0000-4000-8000-000000000004\
                &username=ada.admin%40contoso.example&password=Admin-Passw0rd!\
                &scope=api%3A%2F%2F3a5c0001-0000-4000-8000-000000000001%2Faccess_as_user";
    let request = trusting.post(format!("{authority}/{CONTOSO}/oauth2/v2.0/token"));
    let reply: Value = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = reply["access_token"].as_str().unwrap();

    log::signal(&child, Signal::SIGTERM);
    let mut log = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        log.push_str(&line);
    }
    assert!(
        log.contains("token issued") && log.contains("aaaaaaaa-0001-4000-8000-000000000001"),
        "{log}"
    );
    assert!(!log.contains("Passw0rd") && !log.contains(token), "{log}");
    assert!(finished(child).await.status.success());
}

#[tokio::test]
async fn invalid_settings_fail_before_serving() {
    struct Case<'a> {
        name: &'static str,
        directory: &'a Path,
        listen: &'a str,
        code: i32,
        parts: [&'static str; 2],
    }

    let state = tempfile::tempdir().unwrap();
    let broken = state.path().join("broken.yaml");
    std::fs::write(
        &broken,
        std::fs::read_to_string(DIRECTORY)
            .unwrap()
            .replace("tenant: fabrikam", "tenant: x"),
    )
    .unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let absent = state.path().join("absent.yaml");
    for Case {
        name,
        directory,
        listen,
        code,
        parts,
    } in [
        Case {
            name: "contradiction",
            directory: broken.as_path(),
            listen: "127.0.0.1:0",
            code: 64,
            parts: ["broken.yaml:44:5: users.mallory", "there is no tenant x"],
        },
        Case {
            name: "absent directory",
            directory: absent.as_path(),
            listen: "127.0.0.1:0",
            code: 64,
            parts: ["--directory", "absent.yaml"],
        },
        Case {
            name: "every network",
            directory: Path::new(DIRECTORY),
            listen: "0.0.0.0:0",
            code: 64,
            parts: [
                "--listen 0.0.0.0:0",
                "--listen-beyond-loopback-exposes-forged-identities",
            ],
        },
        Case {
            name: "occupied port",
            directory: Path::new(DIRECTORY),
            listen: taken.as_str(),
            code: 1,
            parts: ["--listen", "choose another port"],
        },
    ] {
        let child = program(&state.path().join("state"), directory)
            .args(["--listen", listen])
            .spawn()
            .unwrap();
        let output = finished(child).await;
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {text}");
        for part in parts {
            assert!(
                text.contains(part),
                "{name}: '{part}' is missing in: {text}"
            );
        }
    }
}

#[tokio::test]
async fn program_prints_the_schema_without_a_directory() {
    let child = Command::new(env!("CARGO_BIN_EXE_dev-entra"))
        .arg("--print-schema")
        .env_clear()
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let output = finished(child).await;
    assert!(output.status.success(), "{output:?}");
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["title"], "Directory file of dev-entra");
}
