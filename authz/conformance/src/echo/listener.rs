//! The listeners of the echo, with a limit on connections and a timeout for heads.

use std::io::{ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum number of connections of a listener. Further ones wait to be accepted. A gateway opens
/// fewer to one service here.
const CONNECTIONS: usize = 512;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A listener with at most [`CONNECTIONS`] open connections.
#[derive(Debug)]
pub(super) struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Bounded {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }

    /// Accepts the next connection. Dropping the permit frees its place.
    pub(super) async fn accept(&self) -> Result<(TcpStream, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(std::io::Error::other)?;
        loop {
            let (stream, _) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                // This error concerns one connection, not the listener.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            // With Nagle's algorithm, the second packet of an answer would wait for the peer's
            // acknowledgement.
            stream.set_nodelay(true)?;
            return Ok((stream, place));
        }
    }
}

/// Serves `router` until the listener fails.
pub(super) async fn serve(listener: TcpListener, router: Router) -> Result<()> {
    serve_within(HEADER_TIMEOUT, listener, router).await
}

async fn serve_within(
    header_timeout: Duration,
    listener: TcpListener,
    router: Router,
) -> Result<()> {
    let listener = Bounded::new(listener);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout);
    loop {
        let (stream, place) = listener.accept().await?;
        let connection = builder.serve_connection(
            TokioIo::new(stream),
            TowerToHyperService::new(router.clone()),
        );
        tokio::spawn(async move {
            // How the connection ends does not matter to the echo.
            let _ended = connection.await;
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::Router;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Semaphore;
    use tokio::time::timeout;

    use super::{Bounded, serve_within};

    #[tokio::test]
    async fn connection_beyond_the_limit_waits() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bounded = Bounded {
            listener,
            places: Arc::new(Semaphore::new(1)),
        };
        let _clients = (
            TcpStream::connect(address).await.unwrap(),
            TcpStream::connect(address).await.unwrap(),
        );
        let (stream, place) = bounded.accept().await.unwrap();
        assert!(stream.nodelay().unwrap());
        assert!(
            timeout(Duration::from_millis(50), bounded.accept())
                .await
                .is_err()
        );
        drop(place);
        let (_stream, _place) = bounded.accept().await.unwrap();
    }

    #[tokio::test]
    async fn unfinished_head_closes_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        tokio::spawn(serve_within(
            Duration::from_millis(100),
            listener,
            Router::new(),
        ));
        client.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        let mut rest = Vec::new();
        let _end = timeout(Duration::from_secs(30), client.read_to_end(&mut rest))
            .await
            .expect("the connection is closed");
    }
}
