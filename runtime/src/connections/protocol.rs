use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::{Request, Response, Version};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http2;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};

use super::activity::Activity;
use super::corked::{Output, cork};
use super::inline_first::InlineFirst;

/// Maximum size of a decompressed HTTP/2 request head, CONTINUATION frames included.
///
/// It bounds the CONTINUATION floods (CVE-2024-27316 and related ones).
const HTTP2_HEAD: u32 = 64 * 1024;
/// Maximum size of a Check's decompressed head. The client's headers are in the message.
const CHECK_HEAD: u32 = 16 * 1024;
/// Maximum number of requests at once on an HTTP/2 connection of a service.
///
/// RFC 9113 §6.5.2 suggests at least 100.
const HTTP2_STREAMS: u32 = 128;
/// Maximum number of Checks at once on one connection.
///
/// Envoy opens one connection for each of its workers and sends all Checks of the worker over it.
const CONCURRENT_CHECKS: u32 = 1024;
/// Streams that a client may reset before they are accepted; one more closes the connection.
///
/// It bounds rapid reset (CVE-2023-44487).
const RESET_STREAMS: usize = 20;
/// Streams that the server may reset because of the client; one more closes the connection.
///
/// See RUSTSEC-2024-0003.
const ERROR_STREAMS: usize = 256;
/// Flow-control window of a stream. Bodies have at most 16 KiB, Checks 128 KiB.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Interval of HTTP/2 pings. They find a vanished or stuck peer within 50 s.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// The HTTP versions that a listener serves.
pub(crate) trait Protocol: Clone + Send + Sync + 'static {
    /// Serves `io`. The caller must drain the output after each poll of the connection.
    fn connection<I>(
        &self,
        io: I,
        activity: Arc<Activity>,
    ) -> (
        impl GracefulConnection<Error: fmt::Display> + Send,
        Output<I>,
    )
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static;
}

/// HTTP/1.1, and HTTP/2 for clients that start with its preface (RFC 9113 §3.3).
#[derive(Clone, Debug)]
pub(crate) struct Http {
    builder: Arc<auto::Builder<TokioExecutor>>,
    service: TowerToHyperService<Router>,
}

impl Http {
    /// Maximum size of the head of an HTTP/1 request.
    ///
    /// It is twice Envoy's limit of `envoy/` (32 KiB), which leaves room for the headers that the
    /// gateway adds. hyper's own limit is 400 KiB.
    pub(super) const LONGEST_HEAD: usize = 64 * 1024;

    pub(crate) fn new(router: Router) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // hyper's header timeout includes the idle time before a head. It would have to be longer
        // than the client's pool keeps connections; `Deadline` measures the two separately.
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(Self::LONGEST_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(HTTP2_STREAMS)
            .max_header_list_size(HTTP2_HEAD)
            .max_pending_accept_reset_streams(RESET_STREAMS)
            .max_local_error_reset_streams(ERROR_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self {
            builder: Arc::new(builder),
            service: TowerToHyperService::new(router),
        }
    }
}

impl Protocol for Http {
    fn connection<I>(
        &self,
        io: I,
        activity: Arc<Activity>,
    ) -> (
        impl GracefulConnection<Error: fmt::Display> + Send,
        Output<I>,
    )
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (corked, output) = cork(io, Arc::clone(&activity));
        let tracked = tracked(self.service.clone(), activity);
        (
            self.builder
                .serve_connection(TokioIo::new(corked), tracked)
                .into_owned(),
            output,
        )
    }
}

/// Only HTTP/2, for gRPC. A request runs in its connection's task until it first waits.
#[derive(Clone, Debug)]
pub(crate) struct Http2Only<S> {
    builder: http2::Builder<InlineFirst>,
    service: S,
}

impl<S> Http2Only<S> {
    pub(crate) fn new(service: S) -> Self {
        let mut builder = http2::Builder::new(InlineFirst);
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(CONCURRENT_CHECKS)
            .max_header_list_size(CHECK_HEAD)
            .max_pending_accept_reset_streams(RESET_STREAMS)
            .max_local_error_reset_streams(ERROR_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            // gRPC does not use the Date header.
            .auto_date_header(false);
        Self { builder, service }
    }
}

impl<S, B> Protocol for Http2Only<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn connection<I>(
        &self,
        io: I,
        activity: Arc<Activity>,
    ) -> (
        impl GracefulConnection<Error: fmt::Display> + Send,
        Output<I>,
    )
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (corked, output) = cork(io, Arc::clone(&activity));
        (
            self.builder.serve_connection(
                TokioIo::new(corked),
                tracked(self.service.clone(), activity),
            ),
            output,
        )
    }
}

/// Wraps `service` so that `activity` counts its requests in flight.
fn tracked<S, B>(
    service: S,
    activity: Arc<Activity>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<B>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
>
where
    S: Service<
            Request<Incoming>,
            Response = Response<B>,
            Error = Infallible,
            Future: Send + 'static,
        >,
    B: Body + Send + 'static,
{
    service_fn(move |request: Request<Incoming>| {
        let in_flight = activity.begin(request.version() == Version::HTTP_2);
        let response = service.call(request);
        async move {
            let response = response.await;
            drop(in_flight);
            response
        }
    })
}
