use std::collections::HashSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio_util::sync::CancellationToken;

use super::patient;
use crate::connections::activity::{Activity, Clock};
use crate::connections::driver::drive;
use crate::connections::protocol::{Http2Only, Protocol};

/// Counts the writes, which would be system calls on a socket.
#[derive(Debug)]
struct Counted {
    io: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, to)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Counts how often a connection is polled.
struct Polls<F>(F, Arc<AtomicUsize>);

impl<F: Future + Unpin> Future for Polls<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.0).poll(cx)
    }
}

/// The task of each request, as the test's service records it.
type Tasks = Arc<Mutex<Vec<tokio::task::Id>>>;

/// A reply like that of a gRPC method: `size` bytes and trailers. `/waits` waits first, `/panics`
/// panics, `/computes` takes a while without waiting.
async fn reply(
    request: Request<Incoming>,
    size: usize,
    tasks: Tasks,
) -> Result<Response<impl Body<Data = Bytes, Error = Infallible>>, Infallible> {
    match request.uri().path() {
        "/waits" => tokio::task::yield_now().await,
        "/panics" => panic!("as requested"),
        "/computes" => {
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(2) {
                std::hint::spin_loop();
            }
        }
        _ => {}
    }
    tasks.lock().unwrap().push(tokio::task::id());
    let trailers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("0"))]);
    Ok(Response::new(
        Full::new(Bytes::from(vec![b'a'; size])).with_trailers(async { Some(Ok(trailers)) }),
    ))
}

/// Connects a client; returns it with the counts of the server's writes and polls.
async fn client(
    size: usize,
    tasks: Tasks,
) -> (SendRequest<Bytes>, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (near, far) = duplex(1 << 20);
    let [writes, polls] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let counted = Counted {
        io: far,
        writes: Arc::clone(&writes),
    };
    let serving = Box::pin(async move {
        let activity = Arc::new(Activity::new(&Clock::default()));
        let protocol = Http2Only::new(service_fn(move |request| {
            reply(request, size, Arc::clone(&tasks))
        }));
        let (connection, output) = protocol.connection(counted, Arc::clone(&activity));
        drive(
            connection,
            output,
            &activity,
            patient(1),
            &CancellationToken::new(),
        )
        .await
    });
    tokio::spawn(Polls(serving, Arc::clone(&polls)));
    let (sender, connection) = h2::client::handshake(near).await.unwrap();
    tokio::spawn(connection);
    (sender, writes, polls)
}

/// Sends a request for `path` and returns the size of the response's body.
async fn size_of(sender: &mut SendRequest<Bytes>, path: &str) -> Result<usize, h2::Error> {
    let request = Request::builder()
        .uri(format!("http://here{path}"))
        .body(())
        .unwrap();
    let (response, _) = sender.clone().ready().await?.send_request(request, true)?;
    let mut body = response.await?.into_body();
    let mut size = 0;
    while let Some(data) = body.data().await {
        size += data?.len();
    }
    assert!(body.trailers().await?.is_some());
    Ok(size)
}

#[tokio::test]
async fn unary_reply_leaves_in_one_write() {
    for size in [5, 300, 2_000, 40_000] {
        let (mut sender, writes, _) = client(size, Tasks::default()).await;
        // SETTINGS and their acknowledgement leave with or before the first reply.
        assert_eq!(size_of(&mut sender, "/").await.unwrap(), size);
        let before = writes.load(Ordering::Relaxed);
        for _ in 0..10 {
            assert_eq!(size_of(&mut sender, "/").await.unwrap(), size);
        }
        assert_eq!(
            writes.load(Ordering::Relaxed) - before,
            10,
            "for replies of {size} bytes"
        );
    }
}

#[tokio::test]
async fn request_that_never_waits_runs_in_its_connections_task() {
    let tasks = Tasks::default();
    let (mut sender, ..) = client(5, Arc::clone(&tasks)).await;
    for path in ["/", "/", "/waits", "/"] {
        size_of(&mut sender, path).await.unwrap();
    }
    let ids = tasks.lock().unwrap().clone();
    let same: Vec<bool> = ids.iter().map(|id| *id == ids[0]).collect();
    assert_eq!(same, [true, true, false, true]);
}

/// A second poll would have nothing to do, and its wake-up costs a second thread.
#[tokio::test]
async fn request_that_never_waits_takes_one_poll_of_its_connections_task() {
    let (mut sender, _, polls) = client(2_000, Tasks::default()).await;
    size_of(&mut sender, "/").await.unwrap();
    let before = polls.load(Ordering::Relaxed);
    for _ in 0..10 {
        size_of(&mut sender, "/").await.unwrap();
    }
    assert_eq!(polls.load(Ordering::Relaxed) - before, 10);
}

#[tokio::test]
async fn long_requests_of_one_poll_are_spawned() {
    let tasks = Tasks::default();
    let (sender, ..) = client(5, Arc::clone(&tasks)).await;
    let together = (0..8).map(|_| {
        let mut sender = sender.clone();
        async move { size_of(&mut sender, "/computes").await.unwrap() }
    });
    futures::future::join_all(together).await;
    let ids: HashSet<tokio::task::Id> = tasks.lock().unwrap().iter().copied().collect();
    assert!(ids.len() > 4, "{ids:?}");
}

#[tokio::test]
async fn panic_of_a_request_resets_only_its_stream() {
    let (mut sender, ..) = client(5, Tasks::default()).await;
    size_of(&mut sender, "/").await.unwrap();
    assert!(
        size_of(&mut sender, "/panics")
            .await
            .unwrap_err()
            .is_reset()
    );
    assert_eq!(size_of(&mut sender, "/").await.unwrap(), 5);
}
