//! Listening sockets: a TCP port or a Unix socket.

mod address;
mod unix_socket;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::anyhow;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixStream};

pub use self::address::{InvalidListenAddress, ListenAddress};
use self::unix_socket::UnixSocket;

/// Binds the TCP `address`.
///
/// Programs bind before they start anything else, so that an occupied port is found first. `flag`
/// names the setting in the error.
pub async fn bind(flag: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let fix = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "another process listens on it; stop it or choose another port"
            }
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a privilege; choose a higher one"
            }
            _ => "choose an address of this machine",
        };
        anyhow!("{flag} {address}: cannot listen: {error}; {fix}")
    })
}

/// A bound listener with the name that its metrics carry.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixSocket),
}

impl Listener {
    /// Binds `address`.
    ///
    /// `flag` names the setting in an error. `name` is the `listener` label of its connections'
    /// metrics.
    pub async fn bind(
        name: &'static str,
        flag: &str,
        address: &ListenAddress,
    ) -> anyhow::Result<Self> {
        let socket = match address {
            ListenAddress::Tcp(address) => Socket::Tcp(bind(flag, *address).await?),
            ListenAddress::Unix(path) => Socket::Unix(UnixSocket::bind(flag, path).await?),
        };
        Ok(Self { name, socket })
    }

    /// Makes a listener of a bound socket.
    #[must_use]
    pub fn of_tcp(name: &'static str, socket: TcpListener) -> Self {
        Self {
            name,
            socket: Socket::Tcp(socket),
        }
    }

    /// The `listener` label of its metrics.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The bound address, with the assigned port if the setting was port 0.
    pub fn local_address(&self) -> io::Result<ListenAddress> {
        Ok(match &self.socket {
            Socket::Tcp(socket) => ListenAddress::Tcp(socket.local_addr()?),
            Socket::Unix(socket) => ListenAddress::Unix(socket.path().to_owned()),
        })
    }

    /// Accepts the next connection.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                // Without TCP_NODELAY the second packet of a reply waits for the client's delayed
                // ACK of the first, 40 ms on Linux (RFC 896, RFC 1122 §4.2.3.2).
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }
            Socket::Unix(socket) => socket.accept().await.map(Stream::Unix),
        }
    }
}

/// An accepted connection.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP, with `TCP_NODELAY`.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, to),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, to),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, from),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, from),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.local_address() {
            Ok(address) => address.fmt(formatter),
            Err(_) => formatter.write_str(self.name),
        }
    }
}

#[cfg(test)]
mod tests;
