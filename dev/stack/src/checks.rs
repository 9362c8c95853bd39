use std::path::PathBuf;

use serde_json::{Value, json};

/// The address at which an authz server takes CheckRequests.
#[derive(Clone, Debug)]
pub(crate) enum Checks {
    /// A port of the loopback address.
    Port(u16),
    /// A Unix socket.
    Socket(PathBuf),
}

impl Checks {
    /// Maximum bytes of a socket's path: `sun_path` of `sockaddr_un` on Linux, less its final NUL
    /// (unix(7)).
    const LONGEST_PATH: usize = 107;

    /// The socket at `path`, or `port` if the path is too long for the kernel.
    pub(crate) fn socket_or(path: PathBuf, port: u16) -> Self {
        if path.as_os_str().len() <= Self::LONGEST_PATH {
            Self::Socket(path)
        } else {
            Self::Port(port)
        }
    }

    /// The value of `--listen`.
    pub(crate) fn listen(&self) -> String {
        match self {
            Self::Port(port) => format!("127.0.0.1:{port}"),
            Self::Socket(path) => format!("unix:{}", path.display()),
        }
    }

    /// The URL for a gRPC client.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Port(port) => format!("http://127.0.0.1:{port}"),
            Self::Socket(path) => format!("unix:{}", path.display()),
        }
    }

    /// An endpoint of Envoy's cluster.
    pub(crate) fn endpoint(&self) -> Value {
        let address = match self {
            Self::Port(port) => {
                json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
            }
            Self::Socket(path) => json!({"pipe": {"path": path}}),
        };
        json!({"endpoint": {"address": address}})
    }
}
