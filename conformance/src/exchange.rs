//! Sends a case over the version of HTTP that it is made for, on a connection that is used again
//! where that is safe.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{Instant, timeout};

use crate::answer::Reply;
use crate::case::Wire;
use crate::{http1, http2};

/// One client.
#[derive(Debug)]
pub(crate) struct Exchange {
    gateway: SocketAddr,
    limit: Duration,
    http1: Option<http1::Connection>,
    http2: Option<http2::Connection>,
}

impl Exchange {
    pub(crate) fn new(gateway: SocketAddr, limit: Duration) -> Self {
        Self {
            gateway,
            limit,
            http1: None,
            http2: None,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.limit
    }

    /// A connection of its own.
    pub(crate) async fn open_http1(&self) -> anyhow::Result<http1::Connection> {
        let opened = timeout(self.limit, http1::Connection::open(self.gateway)).await;
        opened
            .context("no answer in time")
            .and_then(|opened| Ok(opened?))
            .with_context(|| self.unreachable())
    }

    /// A connection of its own.
    pub(crate) async fn open_http2(&self) -> anyhow::Result<http2::Connection> {
        let opened = timeout(self.limit, http2::Connection::open(self.gateway)).await;
        opened
            .context("no answer in time")
            .and_then(|opened| Ok(opened?))
            .with_context(|| self.unreachable())
    }

    fn unreachable(&self) -> String {
        format!(
            "the gateway {} cannot be reached; check --gateway, and whether it still runs",
            self.gateway
        )
    }

    /// Sends, and waits for what comes of it.
    pub(crate) async fn send(&mut self, wire: &Wire) -> anyhow::Result<Reply> {
        match wire {
            Wire::Http1(bytes) => {
                let reused = self.http1.take().filter(http1::Connection::is_usable);
                let was_used = reused.is_some();
                let mut connection = match reused {
                    Some(connection) => connection,
                    None => self.open_http1().await?,
                };
                let reply = self.send_on(&mut connection, bytes).await;
                // A gateway may close a connection that was idle; that is no answer to the case.
                if was_used && reply == Reply::Closed {
                    connection = self.open_http1().await?;
                    let reply = self.send_on(&mut connection, bytes).await;
                    self.http1 = Some(connection);
                    return Ok(reply);
                }
                self.http1 = Some(connection);
                Ok(reply)
            }
            Wire::Http2(parts) => {
                let mut connection = match self.http2.take().filter(http2::Connection::is_usable) {
                    Some(connection) => connection,
                    None => self.open_http2().await?,
                };
                let reply = connection.exchange(parts, self.deadline()).await;
                self.http2 = Some(connection);
                Ok(reply)
            }
        }
    }

    async fn send_on(&self, connection: &mut http1::Connection, bytes: &[u8]) -> Reply {
        let deadline = self.deadline();
        connection.send(bytes, deadline).await;
        connection.answer(deadline).await
    }
}
