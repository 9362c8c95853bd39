use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::task::JoinError;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedLabels {
    listener: &'static str,
    reason: &'static str,
}

/// Metrics of the connections of every listener of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionMetrics {
    open: Family<ListenerLabels, Gauge>,
    closed: Family<ClosedLabels, Counter<u64, AtomicU64>>,
}

impl ConnectionMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_server_connections",
            "Open connections, by listener",
            self.open.clone(),
        );
        registry.register(
            "http_server_connections_closed",
            "Connections that the server closed or refused, by listener and reason",
            self.closed.clone(),
        );
    }

    pub(super) fn of(&self, listener: &'static str) -> ListenerMetrics {
        let open = self
            .open
            .get_or_create(&ListenerLabels { listener })
            .clone();
        ListenerMetrics {
            listener,
            open,
            closed: self.closed.clone(),
        }
    }
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The client closed it, or both sides at shutdown.
    Finished,
    /// A TLS handshake or the head of a request did not arrive in time.
    HeaderTimeout,
    /// No request arrived within the idle timeout.
    IdleTimeout,
    /// The server closed it to make room for another.
    MadeRoom,
    /// The client broke the protocol or the connection.
    Failed,
}

impl Ending {
    pub(super) fn of_lost(error: &JoinError) -> Self {
        if error.is_panic() {
            // The panic hook has logged the message. Other connections are not affected.
            return Self::Failed;
        }
        Self::MadeRoom
    }

    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Finished | Self::Failed => None,
            Self::HeaderTimeout => Some("header_timeout"),
            Self::IdleTimeout => Some("idle_timeout"),
            Self::MadeRoom => Some("made_room"),
        }
    }
}

/// Metrics of the connections of one listener.
#[derive(Clone, Debug)]
pub(super) struct ListenerMetrics {
    listener: &'static str,
    open: Gauge,
    closed: Family<ClosedLabels, Counter<u64, AtomicU64>>,
}

impl ListenerMetrics {
    pub(super) fn opened(&self) {
        self.open.inc();
    }

    pub(super) fn ended(&self, ending: Ending) {
        self.open.dec();
        if let Some(reason) = ending.reason() {
            self.count(reason);
        }
    }

    pub(super) fn refused(&self) {
        self.count("refused");
    }

    fn count(&self, reason: &'static str) {
        self.closed
            .get_or_create(&ClosedLabels {
                listener: self.listener,
                reason,
            })
            .inc();
    }
}
