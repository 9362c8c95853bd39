//! Proxy between Envoy and a service that keeps each byte that Envoy sent. A test can then assert
//! what reached the service, without trust in a log.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Maximum bytes that a tap keeps, more than any test sends. Beyond it the oldest are dropped.
const KEPT: usize = 4 * 1024 * 1024;

/// A listener that forwards each connection unchanged.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Tap {
    pub(crate) async fn start(to: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("a tap cannot listen")?;
        let port = listener.local_addr()?.port();
        let seen = Arc::<Mutex<Vec<u8>>>::default();
        let task = tokio::spawn(accept(listener, to, Arc::clone(&seen)));
        Ok(Self { port, seen, task })
    }

    /// Discards the bytes so far.
    pub(crate) fn clear(&self) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The bytes that Envoy has sent since, in lower case.
    pub(crate) fn seen(&self) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&seen).to_lowercase()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, to: SocketAddr, seen: Arc<Mutex<Vec<u8>>>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(forward(client, to, Arc::clone(&seen)));
    }
}

/// Forwards one connection until either end closes it.
async fn forward(client: TcpStream, to: SocketAddr, seen: Arc<Mutex<Vec<u8>>>) {
    let Ok(service) = TcpStream::connect(to).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_service, mut to_service) = service.into_split();
    let requests = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            let Some(bytes) = buffer.get(..length) else {
                break;
            };
            keep(&seen, bytes);
            if to_service.write_all(bytes).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = requests => {}
        _ = copy(&mut from_service, &mut to_client) => {}
    }
}

fn keep(seen: &Mutex<Vec<u8>>, bytes: &[u8]) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.extend_from_slice(bytes);
    let excess = seen.len().saturating_sub(KEPT);
    seen.drain(..excess);
}
