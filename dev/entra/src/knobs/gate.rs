//! Closes and opens the port of traffic.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use portcullis_runtime::{Listener, Process, bind, serve_https};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long a change may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the port of traffic shall be open, and whether it is.
#[derive(Debug)]
pub(crate) struct Gate {
    shall_be_open: watch::Sender<bool>,
    is_open: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            shall_be_open: watch::Sender::new(true),
            is_open: watch::Sender::new(false),
        }
    }
}

impl Gate {
    /// Opens or closes the port, and waits until it is.
    pub(crate) async fn set(&self, open: bool) -> anyhow::Result<()> {
        let mut is_open = self.is_open.subscribe();
        self.shall_be_open.send_replace(open);
        let change = is_open.wait_for(|is_open| *is_open == open);
        tokio::time::timeout(PATIENCE, change)
            .await
            .context("the port of traffic does not change its state")??;
        Ok(())
    }

    /// Serves until shutdown begins, then finishes the requests in flight. While the gate is
    /// closed, there is no listener, and all connections are closed.
    pub(crate) async fn serve(
        &self,
        process: &Process,
        socket: TcpListener,
        router: Router,
        tls: Arc<ServerConfig>,
    ) -> anyhow::Result<()> {
        let address = socket.local_addr().context("address of a bound listener")?;
        let mut socket = Some(socket);
        let mut shall_be_open = self.shall_be_open.subscribe();
        let stopping = process.shutdown_token();
        loop {
            let socket = match socket.take() {
                Some(socket) => socket,
                None => bind("--listen", address).await?,
            };
            self.is_open.send_replace(true);
            let listener = Listener::of_tcp("traffic", socket);
            // Dropping the server closes its listener and its connections.
            tokio::select! {
                () = serve_https(process, listener, router.clone(), Arc::clone(&tls)) => {
                    return Ok(());
                }
                _ = shall_be_open.wait_for(|open| !*open) => {}
            }
            self.is_open.send_replace(false);
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                _ = shall_be_open.wait_for(|open| *open) => {}
            }
        }
    }
}
