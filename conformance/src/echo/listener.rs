//! Both listeners: connections have a bound, and so has the time for the head of a request.

use std::io::{ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// More than a gateway opens to one service here. Beyond it connections wait to be accepted.
const CONNECTIONS: usize = 512;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A listener of which so many connections are open at once.
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

    /// The next connection, and its place, which is free again when it is dropped.
    pub(super) async fn accept(&self) -> Result<(TcpStream, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(std::io::Error::other)?;
        loop {
            let (stream, _) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                // Of that connection alone.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            // An answer in two packets would wait for the peer's acknowledgement.
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
            // Its end, whichever, is the client's affair.
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
    async fn connection_beyond_the_bound_waits_for_a_place() {
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
    async fn head_that_never_ends_is_not_waited_for() {
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
            .expect("it is closed");
    }
}
