//! Tests that a stop by signal loses no request.

use dev_entra::InProcess;
use dev_service::log::{PATIENCE, signal};
use dev_service::{CONTOSO, client_of};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::program::{ANY_PORT, AUDIT, TASK_API, finished, listening_address, program};

const ENTRY: &str = r#"{"action":"task_created","resource_id":"7","actor":"a","tenant_id":"t"}"#;

/// The task API's own token for the audit service.
pub(crate) async fn token(issuer: &InProcess) -> String {
    let scope = format!("api://{AUDIT}/.default");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", TASK_API),
        ("client_secret", "task-api-secret"),
        ("scope", &scope),
    ];
    let request = client_of(issuer)
        .post(format!(
            "{}/{CONTOSO}/oauth2/v2.0/token",
            issuer.authority()
        ))
        .form(&form);
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    reply["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{reply}"))
        .to_owned()
}

/// Sends a request to append an entry, up to its body.
///
/// The service answers `100 Continue` when it waits for the body.
async fn half_a_request(address: &str, token: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /audit HTTP/1.1\r\nhost: audit\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\n\r\n",
        ENTRY.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    timeout(PATIENCE, connection.read_exact(&mut interim))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection
}

async fn until_refused(address: &str) {
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            yield_now().await;
        }
    };
    timeout(PATIENCE, refused)
        .await
        .expect("the listener stays open");
}

#[tokio::test]
async fn sigterm_closes_the_listener_and_finishes_the_request_in_flight() {
    let issuer = InProcess::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut child = program(&issuer, directory.path(), ANY_PORT, ANY_PORT)
        .spawn()
        .unwrap();
    let address = listening_address(&mut child).await;
    let mut connection = half_a_request(&address, &token(&issuer).await).await;

    signal(&child, Signal::SIGTERM);
    until_refused(&address).await;
    connection.write_all(ENTRY.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, connection.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""status":"logged""#),
        "{answer}"
    );
    let output = finished(child).await;
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), &b""[..]),
        "{output:?}"
    );
}
