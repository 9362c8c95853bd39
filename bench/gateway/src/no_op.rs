//! The no-op server: the least cost of an ext_authz server in Rust. It serves the generated
//! service as tonic's own examples do.

use anyhow::Context;
use envoy_types::ext_authz::v3::CheckResponseExt;
use envoy_types::ext_authz::v3::pb::{
    Authorization, AuthorizationServer, CheckRequest, CheckResponse,
};
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::command_line::NoOpSettings;
use crate::upstream;

#[derive(Clone, Copy, Debug)]
struct NoOp;

#[tonic::async_trait]
impl Authorization for NoOp {
    async fn check(&self, _: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        Ok(Response::new(CheckResponse::with_status(Status::ok(""))))
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
    health.set_serving::<AuthorizationServer<NoOp>>().await;
    let router = Server::builder()
        .add_service(health_service)
        .add_service(AuthorizationServer::new(NoOp));
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
