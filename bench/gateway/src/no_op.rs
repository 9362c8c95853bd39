//! The no-op server: the least cost of an ext_authz server in Rust. tonic serves it as its own
//! examples are served, with the messages of the authz server.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context as TaskContext, Poll};

use anyhow::Context;
use futures::future::BoxFuture;
use portcullis_server::ext_authz::{CheckRequest, CheckResponse};
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::command_line::NoOpSettings;
use crate::upstream;

/// The method Check.
#[derive(Clone, Copy, Debug)]
struct Check;

impl UnaryService<CheckRequest> for Check {
    type Response = CheckResponse;
    type Future = Ready<Result<Response<CheckResponse>, Status>>;

    fn call(&mut self, _: Request<CheckRequest>) -> Self::Future {
        ready(Ok(Response::new(CheckResponse {
            status: Some(portcullis_server::ext_authz::Status::default()),
            ..CheckResponse::default()
        })))
    }
}

/// The service, as `tonic-build` would generate it. It has no other method.
#[derive(Clone, Copy, Debug)]
struct Authorization;

impl NamedService for Authorization {
    const NAME: &'static str = "envoy.service.auth.v3.Authorization";
}

impl Service<http::Request<Body>> for Authorization {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::default());
            Ok(grpc.unary(Check, request).await)
        })
    }
}

/// Answers OK to every Check until the process ends.
pub async fn serve(
    NoOpSettings {
        listen,
        operations_listen,
    }: NoOpSettings,
) -> anyhow::Result<()> {
    let operations = TcpListener::bind(operations_listen)
        .await
        .context("--operations-listen")?;
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<Authorization>().await;
    let router = Server::builder()
        .add_service(health_service)
        .add_service(Authorization);
    let ready = || tokio::spawn(upstream::respond(operations, upstream::OK.as_bytes()));
    if let Some(path) = listen.strip_prefix("unix:") {
        let listener = UnixListener::bind(path).with_context(|| format!("--listen {listen}"))?;
        ready();
        return router
            .serve_with_incoming(UnixListenerStream::new(listener))
            .await
            .context("serving");
    }
    let address = listen
        .parse()
        .with_context(|| format!("--listen {listen}"))?;
    ready();
    // `serve` sets TCP_NODELAY on accepted connections. `serve_with_incoming` does not.
    router.serve(address).await.context("serving")
}
