use std::time::Duration;

/// Bounds on the connections of one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections open at once.
    pub connections: usize,
    /// Longest time for a TLS handshake, and for the head of a request from its first byte (of the
    /// first request of a connection: from the connection's start).
    pub header_timeout: Duration,
    /// Longest time without a request on a connection that had one. It ends between this and twice
    /// as long.
    pub idle_timeout: Duration,
}

impl ConnectionLimits {
    /// Longer than the pools of the clients that ship keep a connection: 60 s in Envoy's clusters
    /// of services, 90 s in reqwest. The client then closes first, and no request meets a
    /// connection that is closing (RFC 9112 §9.5).
    pub(crate) const HTTP_IDLE: Duration = Duration::from_mins(2);
    /// Longer than Envoy's default for HTTP/2 upstreams, one hour. HTTP/2 pings find dead peers
    /// long before.
    pub(crate) const HTTP2_IDLE: Duration = Duration::from_mins(65);
    /// For listeners of probes, metrics, keys and administration, whose clients are few.
    pub(crate) const FEW: usize = 128;
}

impl Default for ConnectionLimits {
    /// As the settings have it by default.
    fn default() -> Self {
        Self {
            connections: 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Self::HTTP_IDLE,
        }
    }
}
