//! Serves a listener with the process's limits, metrics and shutdown.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use rustls::ServerConfig;

use crate::Process;
use crate::connections::{
    ConnectionLimits, Http, Http2Only, Plain, Protocol, Server, Tls, Transport,
};
use crate::listener::Listener;

/// Serves `router` until shutdown begins, then finishes the requests in flight.
pub async fn serve_http(process: &Process, listener: Listener, router: Router) {
    serve(
        process,
        listener,
        Plain,
        Http::new(router),
        process.limits(),
    )
    .await;
}

/// [`serve_http`] for a listener with few clients: probes, keys, the admin API.
///
/// It accepts fewer connections, so that its clients cannot use up the memory that traffic needs.
pub async fn serve_http_to_few(process: &Process, listener: Listener, router: Router) {
    serve(
        process,
        listener,
        Plain,
        Http::new(router),
        few(process.limits()),
    )
    .await;
}

/// [`serve_http`] over TLS.
pub async fn serve_https(
    process: &Process,
    listener: Listener,
    router: Router,
    tls: Arc<ServerConfig>,
) {
    serve(
        process,
        listener,
        Tls::new(tls),
        Http::new(router),
        process.limits(),
    )
    .await;
}

/// Serves `service` over HTTP/2 only, as gRPC needs.
///
/// It serves until shutdown begins, then finishes the requests in flight. A request runs in the
/// task of its connection until it first waits.
pub async fn serve_http2<S, B>(process: &Process, listener: Listener, service: S)
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
    let limits = ConnectionLimits {
        idle_timeout: ConnectionLimits::HTTP2_IDLE,
        ..process.limits()
    };
    serve(process, listener, Plain, Http2Only::new(service), limits).await;
}

/// `limits` for a listener with few clients.
pub(crate) fn few(limits: ConnectionLimits) -> ConnectionLimits {
    ConnectionLimits {
        connections: limits.connections.min(ConnectionLimits::FEW),
        ..limits
    }
}

async fn serve<T: Transport, P: Protocol>(
    process: &Process,
    listener: Listener,
    transport: T,
    protocol: P,
    limits: ConnectionLimits,
) {
    tracing::info!(address = %listener, "listening");
    let metrics = process.connection_metrics();
    let stopping = process.shutdown_token();
    Server {
        listener,
        transport,
        protocol,
        limits,
        metrics,
        stopping,
    }
    .serve()
    .await;
}
