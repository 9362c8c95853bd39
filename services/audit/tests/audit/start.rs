//! Tests of the start: errors name every flag to change, before anything is served.

use dev_entra::InProcess;
use dev_service::CONTOSO;
use dev_service::log::signal;
use nix::sys::signal::Signal;
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::drain::token;
use crate::program::{ANY_PORT, bare_program, finished, listening_address, outcome, program};

/// Settings with which the program does not start, and the flags that its errors name.
struct Invalid {
    name: &'static str,
    arguments: &'static [&'static str],
    flags: &'static [&'static str],
}

const INVALID: [Invalid; 4] = [
    Invalid {
        name: "no argument",
        arguments: &[],
        flags: &[
            "--data-dir",
            "--client-id",
            "--home-tenant",
            "--allowed-applications",
        ],
    },
    Invalid {
        name: "values of the wrong kind and an unknown flag",
        arguments: &[
            "--listen",
            "nowhere",
            "--drain-timeout",
            "soon",
            "--authority",
            "login",
            "--colour",
        ],
        flags: &[
            "--listen",
            "--drain-timeout",
            "--authority",
            "--colour",
            "--data-dir",
            "--client-id",
            "--home-tenant",
        ],
    },
    Invalid {
        name: "values that contradict each other",
        arguments: &[
            "--data-dir",
            "d",
            "--client-id",
            "",
            "--home-tenant",
            "contoso",
            "--trust-gateway",
            "--allowed-applications",
            ",",
        ],
        flags: &[
            "--client-id",
            "--home-tenant",
            "--trust-gateway",
            "--allowed-applications",
        ],
    },
    Invalid {
        name: "authority without TLS",
        arguments: &[
            "--data-dir",
            "d",
            "--client-id",
            "a",
            "--home-tenant",
            CONTOSO,
            "--allowed-applications",
            "b",
            "--authority",
            "http://entra",
        ],
        flags: &["--authority"],
    },
];

#[tokio::test]
async fn invalid_settings_are_all_named_at_once() {
    for Invalid {
        name,
        arguments,
        flags,
    } in INVALID
    {
        let mut command = bare_program();
        command.args(arguments);
        let (code, text) = outcome(command).await;
        assert_eq!(code, Some(64), "{name}: {text}");
        for flag in flags {
            assert!(text.contains(flag), "{name}: {flag} is missing in:\n{text}");
        }
    }
}

/// The flag whose address is taken, and both addresses.
struct Occupied<'a> {
    flag: &'static str,
    listen: &'a str,
    operations_listen: &'a str,
}

#[tokio::test]
async fn occupied_port_error_names_the_flag_and_what_to_do() {
    let issuer = InProcess::start().await.unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for Occupied {
        flag,
        listen,
        operations_listen,
    } in [
        Occupied {
            flag: "--listen",
            listen: &taken,
            operations_listen: ANY_PORT,
        },
        Occupied {
            flag: "--operations-listen",
            listen: ANY_PORT,
            operations_listen: &taken,
        },
    ] {
        let directory = tempfile::tempdir().unwrap();
        let command = program(&issuer, directory.path(), listen, operations_listen);
        let (code, text) = outcome(command).await;
        assert_eq!(code, Some(1), "{text}");
        for part in [&format!("audit: {flag} {taken}: "), "choose another port"] {
            assert!(text.contains(part), "'{part}' is missing in: {text}");
        }
    }
}

#[tokio::test]
async fn unreachable_issuer_keeps_the_service_unready_and_running() {
    let issuer = InProcess::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let operations = TcpListener::bind(ANY_PORT)
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let mut command = program(&issuer, directory.path(), ANY_PORT, &operations);
    let token = token(&issuer).await;
    drop(issuer);
    command.args(["--issuer-wait", "500ms"]);
    let mut child = command.spawn().unwrap();
    let address = listening_address(&mut child).await;
    let http = Client::builder().no_proxy().build().unwrap();
    let ready = http
        .get(format!("http://{operations}/readyz"))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 503);
    let text = ready.text().await.unwrap();
    for part in [
        "signing keys: https://localhost:",
        "/v2.0/.well-known/openid-configuration",
        "cannot be reached",
    ] {
        assert!(text.contains(part), "'{part}' is missing in: {text}");
    }
    let answer = http
        .get(format!("http://{address}/audit"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["reason"], "keys_unavailable", "{problem}");
    assert!(child.try_wait().unwrap().is_none(), "the service has ended");

    signal(&child, Signal::SIGTERM);
    let output = finished(child).await;
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), &b""[..]),
        "{output:?}"
    );
}
