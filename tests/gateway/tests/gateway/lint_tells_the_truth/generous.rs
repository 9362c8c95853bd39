//! A gRPC authorization server that allows every request.

use envoy_types::ext_authz::v3::CheckResponseExt as _;
use envoy_types::ext_authz::v3::pb::{
    Authorization, AuthorizationServer, CheckRequest, CheckResponse,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

struct Generous;

#[tonic::async_trait]
impl Authorization for Generous {
    async fn check(
        &self,
        _request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        Ok(Response::new(CheckResponse::with_status(Status::ok("yes"))))
    }
}

/// Serves on a free port until the runtime ends.
pub(crate) async fn start() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let server =
        tonic::transport::Server::builder().add_service(AuthorizationServer::new(Generous));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok(port)
}
