//! The ports of dev-entra: one for clients and browsers, and one for tests.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use portcullis_runtime::{Listener, Process, bind, serve_http_to_few};
use rustls::ServerConfig;
use tokio::net::TcpListener;

use crate::admin;
use crate::entra::Live;
use crate::router::router;

/// Bound ports. Early connections wait in their queues, so clients need not poll.
#[derive(Debug)]
pub(crate) struct Ports {
    traffic: TcpListener,
    admin: Option<Listener>,
}

impl Ports {
    pub(crate) async fn bind(
        traffic: SocketAddr,
        admin: Option<SocketAddr>,
    ) -> anyhow::Result<Self> {
        let traffic = bind("--listen", traffic).await?;
        let admin = match admin {
            Some(address) => {
                Some(Listener::bind("admin", "--admin-listen", &address.into()).await?)
            }
            None => None,
        };
        Ok(Self { traffic, admin })
    }

    /// The address for clients and browsers.
    pub(crate) fn traffic(&self) -> anyhow::Result<SocketAddr> {
        let address = self.traffic.local_addr();
        address.context("address of a bound listener")
    }

    /// The address for tests, if there is one.
    pub(crate) fn admin(&self) -> Option<String> {
        self.admin.as_ref().map(ToString::to_string)
    }

    /// Serves until shutdown begins, then finishes the requests in flight.
    pub(crate) async fn serve(
        self,
        process: &Process,
        live: Live,
        tls: Arc<ServerConfig>,
    ) -> anyhow::Result<()> {
        let knobs = Arc::clone(&live.entra().knobs);
        let clients = router(live.clone());
        let traffic = knobs.gate.serve(process, self.traffic, clients, tls);
        let tests = async {
            if let Some(listener) = self.admin {
                serve_http_to_few(process, listener, admin::router(live)).await;
            }
            Ok(())
        };
        tokio::try_join!(traffic, tests).map(|_| ())
    }
}
