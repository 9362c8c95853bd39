//! What cannot work is said in one go, with the flag to change, before anything is served.

use dev_entra::InProcess;
use dev_service::CONTOSO;
use tokio::net::TcpListener;

use crate::program::{ANY_PORT, bare_program, outcome, program};

#[tokio::test]
async fn every_bad_setting_is_named_at_once() {
    for (arguments, flags) in [
        (vec![], vec!["--data-dir", "--client-id", "--home-tenant", "--allowed-applications"]),
        (
            vec!["--listen", "nowhere", "--drain-timeout", "soon", "--authority", "login", "--colour"],
            vec![
                "--listen",
                "--drain-timeout",
                "--authority",
                "--colour",
                "--data-dir",
                "--client-id",
                "--home-tenant",
            ],
        ),
        (
            vec![
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
            vec!["--client-id", "--home-tenant", "--trust-gateway", "--allowed-applications"],
        ),
        (
            vec![
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
            vec!["--authority"],
        ),
    ] {
        let mut command = bare_program();
        command.args(&arguments);
        let (code, text) = outcome(command).await;
        assert_eq!(code, Some(64), "{arguments:?}: {text}");
        for flag in flags {
            assert!(text.contains(flag), "{flag} is missing for {arguments:?} in:\n{text}");
        }
    }
}

#[tokio::test]
async fn an_occupied_port_names_its_flag_and_the_way_out() {
    let issuer = InProcess::start().await.unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (flag, listen, operations_listen) in
        [("--listen", taken.as_str(), ANY_PORT), ("--operations-listen", ANY_PORT, &taken)]
    {
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
async fn an_unreachable_issuer_is_one_message() {
    let issuer = InProcess::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut command = program(&issuer, directory.path(), ANY_PORT, ANY_PORT);
    drop(issuer);
    command.args(["--issuer-wait", "500ms"]);
    let (code, text) = outcome(command).await;
    assert_eq!((code, text.lines().count()), (Some(1), 1), "{text}");
    for part in ["--authority https://localhost:", "/v2.0/.well-known/openid-configuration", "cannot be reached"] {
        assert!(text.contains(part), "'{part}' is missing in: {text}");
    }
}
