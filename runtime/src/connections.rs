//! Serves HTTP on a listener with bounds on its connections: their number, the time for a request
//! to arrive, the time without one.
//!
//! ```text
//! Listener ─ accept ─▶ Open (the cap) ─ TLS, if any ─▶ hyper (HTTP/1.1, HTTP/2) ─▶ service
//!                        │                               │
//!                        └ closes the longest unused     └ Corked: one write for each poll
//! ```

mod activity;
mod corked;
mod deadline;
mod driver;
mod inline_first;
mod limits;
mod metrics;
mod open;
mod protocol;
mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use self::activity::{Activity, Clock};
use self::driver::drive;
pub use self::limits::ConnectionLimits;
pub(crate) use self::metrics::ConnectionMetrics;
use self::metrics::{Ending, ListenerMetrics};
use self::open::Open;
pub(crate) use self::protocol::{Http, Http2Only, Protocol};
pub(crate) use self::tls::{Plain, Tls, Transport};
use crate::listener::{Listener, Stream};

/// Pause after a failed accept: without file descriptors the next one fails too, and a loop without
/// a pause would take a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What serves one listener.
#[derive(Debug)]
pub(crate) struct Server<T, P> {
    pub(crate) listener: Listener,
    pub(crate) transport: T,
    pub(crate) protocol: P,
    pub(crate) limits: ConnectionLimits,
    pub(crate) metrics: ConnectionMetrics,
    /// Cancelled when the listener must close and requests in flight finish.
    pub(crate) stopping: CancellationToken,
}

impl<T: Transport, P: Protocol> Server<T, P> {
    /// Serves until `stopping`, then until every connection has ended.
    pub(crate) async fn serve(self) {
        let Self {
            listener,
            transport,
            protocol,
            limits,
            metrics,
            stopping,
        } = self;
        let metrics = metrics.of(listener.name());
        let connection = Connection {
            transport,
            protocol,
            limits,
            stopping: stopping.clone(),
        };
        let (mut open, mut tasks, clock) = (
            Open::new(limits.connections),
            JoinSet::new(),
            Clock::default(),
        );
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                    note_end(ended, &mut open, &metrics);
                }
                accepted = listener.accept() => match accepted {
                    Ok(stream) => admit(stream, &connection, &mut open, &mut tasks, &clock, &metrics).await,
                    Err(error) => after_failed_accept(&error, &listener, &mut open).await,
                }
            }
        }
        drop(listener);
        while let Some(ended) = tasks.join_next().await {
            metrics.ended(ended.unwrap_or_else(|error| Ending::of_lost(&error)));
        }
    }
}

/// Starts serving `stream`, in place of the connection that has been unused longest if there are
/// too many.
///
/// Refusing newcomers would let slow clients lock out probes and Envoy's next connection for as
/// long as they like; not accepting would leave those waiting in the kernel's queue. A connection
/// with a request in flight is never closed: if all have one, the newcomer is. A closed connection
/// holds its socket and memory until its task has ended, so the newcomer waits for that: without,
/// 150 at once held 127 where 40 may.
async fn admit<T: Transport, P: Protocol>(
    stream: Stream,
    connection: &Connection<T, P>,
    open: &mut Open,
    tasks: &mut JoinSet<Ending>,
    clock: &Clock,
    metrics: &ListenerMetrics,
) {
    while let Some(ended) = tasks.try_join_next_with_id() {
        note_end(ended, open, metrics);
    }
    if !open.has_room() && !open.close_unused() {
        metrics.refused();
        tracing::debug!("a connection was refused because every open one has a request in flight");
        return;
    }
    while tasks.len() >= connection.limits.connections
        && let Some(ended) = tasks.join_next_with_id().await
    {
        note_end(ended, open, metrics);
    }
    metrics.opened();
    let activity = Arc::new(Activity::new(clock));
    let task = tasks.spawn(connection.clone().run(stream, Arc::clone(&activity)));
    open.remember(activity, task);
}

fn note_end(ended: Result<(Id, Ending), JoinError>, open: &mut Open, metrics: &ListenerMetrics) {
    let (id, ending) = ended.unwrap_or_else(|error| (error.id(), Ending::of_lost(&error)));
    open.forget(id);
    metrics.ended(ending);
}

async fn after_failed_accept(error: &io::Error, listener: &Listener, open: &mut Open) {
    // The client went away before it was accepted (accept(2)).
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        return;
    }
    open.close_unused();
    tracing::warn!(%listener, %error, "a connection cannot be accepted; an unused one is closed, and the next try follows");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// How a connection is served.
#[derive(Clone, Debug)]
struct Connection<T, P> {
    transport: T,
    protocol: P,
    limits: ConnectionLimits,
    stopping: CancellationToken,
}

impl<T: Transport, P: Protocol> Connection<T, P> {
    async fn run(self, stream: Stream, activity: Arc<Activity>) -> Ending {
        match tokio::time::timeout(self.limits.header_timeout, self.transport.establish(stream))
            .await
        {
            Err(_elapsed) => Ending::HeaderTimeout,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                Ending::Failed
            }
            Ok(Ok(io)) => {
                let (connection, output) = self.protocol.connection(io, Arc::clone(&activity));
                drive(connection, output, &activity, self.limits, &self.stopping).await
            }
        }
    }
}

#[cfg(test)]
mod tests;
