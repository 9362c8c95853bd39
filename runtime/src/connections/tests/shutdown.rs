use std::sync::Arc;

use tokio::time::timeout;

use super::{Held, PATIENCE, answer, bound, closed, connected, get_path, patient};
use crate::listener::Listener;
use crate::{Process, serve_http};

#[tokio::test]
async fn shutdown_finishes_requests_in_flight_and_closes_the_rest() {
    let held = Held::default();
    let process = Process::detached().with_limits(patient(9));
    let (socket, address) = bound().await;
    let serving = tokio::spawn({
        let process = process.clone();
        let router = held.router();
        async move { serve_http(&process, Listener::of_tcp("traffic", socket), router).await }
    });
    let mut busy = connected(address, b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n").await;
    held.came.notified().await;
    let mut idle = connected(address, b"").await;
    assert!(
        get_path(&mut idle, "/")
            .await
            .unwrap()
            .ends_with("answered\n")
    );
    let mut slow = connected(address, b"GET / HTTP/1.1\r\nHo").await;
    let mut preface = connected(address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    process.shutdown_token().cancel();
    for client in [&mut idle, &mut slow, &mut preface] {
        closed(client).await;
    }
    assert!(!serving.is_finished(), "a request is in flight");
    let refused = tokio::net::TcpStream::connect(address).await;
    assert!(refused.is_err(), "the listener is closed");
    held.go.notify_one();
    assert!(answer(&mut busy).await.unwrap().ends_with("let go\n"));
    closed(&mut busy).await;
    timeout(PATIENCE, serving)
        .await
        .expect("the server ends")
        .unwrap();
    assert_eq!(Arc::strong_count(&held.go), 1, "the service is dropped");
}
