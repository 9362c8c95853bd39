use std::time::Duration;

/// Limits on the connections of one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Maximum number of open connections.
    pub connections: usize,
    /// Maximum time for a TLS handshake, and for the head of a request.
    ///
    /// The time of a connection's first request counts from the connection's start, and of every
    /// other from its first byte.
    pub header_timeout: Duration,
    /// Maximum time without a request on a connection that had one.
    ///
    /// The server closes the connection after this time and before twice this time.
    pub idle_timeout: Duration,
}

impl ConnectionLimits {
    /// Idle timeout of HTTP listeners, longer than the clients' pools keep a connection.
    ///
    /// Envoy's clusters of services keep one for 60 s, reqwest for 90 s. The client therefore
    /// closes first, and no request meets a connection that is closing (RFC 9112 §9.5).
    pub(crate) const HTTP_IDLE: Duration = Duration::from_mins(2);
    /// Idle timeout of gRPC listeners, longer than Envoy's for HTTP/2 upstreams (one hour).
    ///
    /// HTTP/2 pings find dead peers long before.
    pub(crate) const HTTP2_IDLE: Duration = Duration::from_mins(65);
    /// Cap for the listeners of probes, metrics, keys and the admin API, which have few clients.
    pub(crate) const FEW: usize = 128;
}

impl Default for ConnectionLimits {
    /// The defaults of the settings.
    fn default() -> Self {
        Self {
            connections: 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Self::HTTP_IDLE,
        }
    }
}
