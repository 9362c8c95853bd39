use std::net::SocketAddr;

use anyhow::{Context, anyhow};
use axum::Router;
use tokio::net::TcpListener;

use crate::Process;

/// Binds `address`, so that an occupied port is found before anything else starts.
///
/// `flag` names the setting in the error, since that is what the reader can change.
pub async fn bind(flag: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let fix = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another process listens there; stop it or choose another port",
            std::io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; choose a higher one",
            _ => "choose an address of this machine",
        };
        anyhow!("{flag} {address}: cannot listen: {error}; {fix}")
    })
}

/// Serves `router` until shutdown begins, then finishes the requests in flight.
pub async fn serve_http(process: &Process, listener: TcpListener, router: Router) -> anyhow::Result<()> {
    let address = listener.local_addr().context("address of a bound listener")?;
    tracing::info!(%address, "listening");
    let stopping = process.shutdown_token();
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { stopping.cancelled().await })
        .await
        .with_context(|| format!("serving on {address}"))
}
