//! Tests of connections from the client's side, with short limits.

mod bounds;
mod http2;
mod shutdown;
mod slow;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::listener::Listener;
use crate::{ConnectionLimits, Process, serve_http};

/// Maximum wait of a test, longer than any limit takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn limits(connections: usize) -> ConnectionLimits {
    ConnectionLimits {
        connections,
        header_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
    }
}

/// Limits that no test waits for.
fn patient(connections: usize) -> ConnectionLimits {
    ConnectionLimits {
        header_timeout: PATIENCE,
        idle_timeout: PATIENCE,
        ..limits(connections)
    }
}

async fn bound() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A service whose `/` answers at once. `/held` notifies `came` and answers after `go`.
#[derive(Clone, Debug, Default)]
struct Held {
    came: Arc<Notify>,
    go: Arc<Notify>,
}

impl Held {
    fn router(&self) -> Router {
        let held = self.clone();
        Router::new()
            .route("/", get(|| async { "answered\n" }))
            .route(
                "/held",
                get(move || async move {
                    held.came.notify_one();
                    held.go.notified().await;
                    "let go\n"
                }),
            )
    }

    async fn serve(&self, process: &Process) -> SocketAddr {
        let (socket, address) = bound().await;
        let process = process.clone();
        let router = self.router();
        tokio::spawn(async move {
            serve_http(&process, Listener::of_tcp("traffic", socket), router).await;
        });
        address
    }
}

async fn connected(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(bytes).await.unwrap();
    client
}

/// Sends a request for `path` and reads the response up to the final line of its body.
async fn get_path(client: &mut TcpStream, path: &str) -> std::io::Result<String> {
    client
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes())
        .await?;
    answer(client).await
}

async fn answer(client: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let complete = |bytes: &[u8]| {
        bytes.windows(4).any(|window| window == b"\r\n\r\n") && bytes.ends_with(b"\n")
    };
    while !complete(&bytes) || bytes.ends_with(b"\r\n\r\n") {
        let read = timeout(PATIENCE, client.read_buf(&mut bytes))
            .await
            .expect("an answer in time")?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(String::from_utf8(bytes).unwrap())
}

/// Waits until the server has closed the connection, and returns the bytes that it sent.
async fn closed(client: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let end = timeout(PATIENCE, client.read_to_end(&mut bytes)).await;
    // The connection ends with a reset if the server did not read all bytes of the client.
    let _reset_or_end = end.expect("the server closes the connection");
    bytes
}

/// Waits until the metrics of `process` have `line`.
async fn metric(process: &Process, line: &str) {
    let mut registry = prometheus_client::registry::Registry::default();
    process.connection_metrics().register(&mut registry);
    let mut text = String::new();
    let found = timeout(PATIENCE, async {
        loop {
            text.clear();
            prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
            if text.lines().any(|found| found == line) {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    found.await.unwrap_or_else(|_| panic!("no {line}"));
}
