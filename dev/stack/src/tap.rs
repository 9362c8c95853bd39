//! A wire between Envoy and a service that keeps what Envoy sent: what reached the service is then
//! a fact, not a log line.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// More than any test sends; beyond it the oldest bytes go.
const KEPT: usize = 4 * 1024 * 1024;

/// A listening address whose connections are passed on unchanged.
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

    /// Forgets what was sent so far.
    pub(crate) fn clear(&self) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// What Envoy has sent since, in lower case.
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
        tokio::spawn(pass(client, to, Arc::clone(&seen)));
    }
}

/// Either end closing ends both, as with a wire.
async fn pass(client: TcpStream, to: SocketAddr, seen: Arc<Mutex<Vec<u8>>>) {
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
