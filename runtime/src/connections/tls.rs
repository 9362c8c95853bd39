use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::listener::Stream;

/// The layer between a socket and HTTP.
pub(crate) trait Transport: Clone + Send + Sync + 'static {
    /// The stream that carries HTTP.
    type Io: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Makes an accepted connection ready for HTTP.
    fn establish(&self, stream: Stream) -> impl Future<Output = io::Result<Self::Io>> + Send;
}

/// No layer: HTTP in cleartext.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

impl Transport for Plain {
    type Io = Stream;

    async fn establish(&self, stream: Stream) -> io::Result<Stream> {
        Ok(stream)
    }
}

/// TLS.
#[derive(Clone)]
pub(crate) struct Tls(TlsAcceptor);

impl Tls {
    pub(crate) fn new(config: Arc<ServerConfig>) -> Self {
        Self(TlsAcceptor::from(config))
    }
}

impl Transport for Tls {
    type Io = TlsStream<Stream>;

    async fn establish(&self, stream: Stream) -> io::Result<TlsStream<Stream>> {
        self.0.accept(stream).await
    }
}
