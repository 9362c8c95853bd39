//! HTTP server of one listener, with limits on its connections.
//!
//! The limits bound the number of connections, the time for a request's head to arrive, and the
//! time without a request.
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

/// Pause after a failed accept. A process without free file descriptors fails every accept, and a
/// loop without a pause would use a whole core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The server of one listener.
#[derive(Debug)]
pub(crate) struct Server<T, P> {
    pub(crate) listener: Listener,
    pub(crate) transport: T,
    pub(crate) protocol: P,
    pub(crate) limits: ConnectionLimits,
    pub(crate) metrics: ConnectionMetrics,
    /// Cancelled to close the listener and finish the requests in flight.
    pub(crate) stopping: CancellationToken,
}

impl<T: Transport, P: Protocol> Server<T, P> {
    /// Serves until `stopping` is cancelled, then until every connection has ended.
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
        let mut open = Open::new(limits.connections);
        let mut tasks = JoinSet::new();
        let clock = Clock::default();
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                    note_end(ended, &mut open, &metrics);
                }
                accepted = listener.accept() => match accepted {
                    Ok(stream) => {
                        admit(stream, &connection, &mut open, &mut tasks, &clock, &metrics).await;
                    }
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

/// Starts serving `stream`; at the cap it closes the connection that is unused for longest.
///
/// Rejecting new connections instead would let slow clients lock out kubelet and Envoy. Leaving
/// them unaccepted would keep them waiting in the kernel's queue. A connection with a request in
/// flight is never closed: if every open one has a request in flight, `stream` is closed. A closed
/// connection holds its socket and memory until its task has ended, so `stream` waits for that end.
/// Without this wait, 150 simultaneous connections held 127 places where the cap was 40.
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
        tracing::debug!("refused a connection: every open connection has a request in flight");
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
    open.insert(activity, task);
}

fn note_end(ended: Result<(Id, Ending), JoinError>, open: &mut Open, metrics: &ListenerMetrics) {
    let (id, ending) = ended.unwrap_or_else(|error| (error.id(), Ending::of_lost(&error)));
    open.remove(id);
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
    tracing::warn!(
        %listener,
        %error,
        "cannot accept a connection; closing an unused one and retrying"
    );
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// A connection of this listener, with its protocol and limits.
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
