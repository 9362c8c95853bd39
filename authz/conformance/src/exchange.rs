//! Sends cases over their version of HTTP, and reuses connections where that is safe.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{Instant, timeout};

use crate::answer::Reply;
use crate::case::Wire;
use crate::{http1, http2};

/// A client with at most one idle connection for each version of HTTP.
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

    /// Opens a new HTTP/1.1 connection.
    pub(crate) async fn open_http1(&self) -> anyhow::Result<http1::Connection> {
        let opened = timeout(self.limit, http1::Connection::open(self.gateway)).await;
        opened
            .context("no answer in time")
            .and_then(|opened| Ok(opened?))
            .with_context(|| self.unreachable())
    }

    /// Opens a new HTTP/2 connection.
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

    /// Sends a case and waits for the reply.
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
                // A gateway may close an idle connection, which is no reply to the case.
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
