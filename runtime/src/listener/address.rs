use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Prefix of a Unix socket's path, as in nginx's `listen`.
const UNIX: &str = "unix:";
/// Length of `sun_path` in Linux's `sockaddr_un`, without its final NUL (unix(7)).
const LONGEST_PATH: usize = 107;

/// A TCP address, or the path of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListenAddress {
    /// `127.0.0.1:9000`, `[::]:9000`.
    Tcp(SocketAddr),
    /// `unix:/run/portcullis/authz.sock`.
    Unix(PathBuf),
}

/// An invalid listen address, with what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidListenAddress {
    /// Only a port.
    #[error(
        "`{0}` is a port without an address; \
         write 127.0.0.1:{0} for this machine or [::]:{0} for every network"
    )]
    OnlyPort(u16),
    /// An IP address without a port.
    #[error("`{0}` has no port; write an address and a port, such as 127.0.0.1:9000")]
    NoPort(String),
    /// A host name.
    #[error(
        "`{0}` is a host name; write its IP address, such as 127.0.0.1:9000 for localhost:9000"
    )]
    HostName(String),
    /// A path without `unix:`.
    #[error("`{0}` is a path; write unix:{0} for a Unix socket")]
    OnlyPath(String),
    /// A relative path after `unix:`.
    #[error(
        "`unix:{0}` is not an absolute path; write unix:/run/portcullis/authz.sock or the like"
    )]
    RelativePath(String),
    /// A path that is longer than the kernel accepts.
    #[error(
        "`unix:{path}` has a path of {length} bytes, and a Unix socket takes at most \
         {LONGEST_PATH}; choose a shorter path"
    )]
    LongPath {
        /// The path.
        path: String,
        /// Its length in bytes.
        length: usize,
    },
    /// Any other string.
    #[error(
        "`{0}` is not a listen address; \
         write 127.0.0.1:9000, [::]:9000 or unix:/run/portcullis/authz.sock"
    )]
    Other(String),
}

impl FromStr for ListenAddress {
    type Err = InvalidListenAddress;

    fn from_str(text: &str) -> Result<Self, InvalidListenAddress> {
        if let Some(path) = text.strip_prefix(UNIX) {
            return unix(path);
        }
        text.parse().map(Self::Tcp).map_err(|_| not_tcp(text))
    }
}

fn unix(path: &str) -> Result<ListenAddress, InvalidListenAddress> {
    if !path.starts_with('/') || path.ends_with('/') || path.contains('\0') {
        return Err(InvalidListenAddress::RelativePath(path.to_owned()));
    }
    if path.len() > LONGEST_PATH {
        return Err(InvalidListenAddress::LongPath {
            path: path.to_owned(),
            length: path.len(),
        });
    }
    Ok(ListenAddress::Unix(path.into()))
}

fn not_tcp(text: &str) -> InvalidListenAddress {
    let given = text.to_owned();
    if text
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_ok()
    {
        return InvalidListenAddress::NoPort(given);
    }
    if let Ok(port) = text.trim_start_matches(':').parse() {
        return InvalidListenAddress::OnlyPort(port);
    }
    if text.starts_with(['/', '.']) {
        return InvalidListenAddress::OnlyPath(given);
    }
    match text.rsplit_once(':') {
        Some((host, port)) if is_host_name(host) && port.parse::<u16>().is_ok() => {
            InvalidListenAddress::HostName(given)
        }
        _ => InvalidListenAddress::Other(given),
    }
}

fn is_host_name(host: &str) -> bool {
    let is_label = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    host.bytes().all(is_label) && host.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "{UNIX}{}", path.display()),
        }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

#[cfg(test)]
mod tests {
    use super::ListenAddress;

    #[test]
    fn listen_address_displays_as_it_was_parsed() {
        for text in [
            "127.0.0.1:9000",
            "[::]:9000",
            "0.0.0.0:0",
            "unix:/run/portcullis/authz.sock",
            "unix:/a",
        ] {
            let address: ListenAddress = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn invalid_listen_address_says_what_to_write() {
        /// Addresses whose error gives this advice.
        struct Case<'a> {
            advice: &'static str,
            addresses: &'a [&'a str],
        }

        let long = format!("unix:/{}", "a".repeat(107));
        for Case { advice, addresses } in [
            Case {
                advice: "127.0.0.1:9000",
                addresses: &[
                    "9000",
                    ":9000",
                    "",
                    "127.0.0.1:70000",
                    "http://127.0.0.1:9000",
                ],
            },
            Case {
                advice: "no port",
                addresses: &["127.0.0.1", "::1", "[::1]"],
            },
            Case {
                advice: "IP address",
                addresses: &["localhost:9000", "authz.svc.local:9000"],
            },
            Case {
                advice: "unix:/run/authz.sock",
                addresses: &["/run/authz.sock"],
            },
            Case {
                advice: "unix:",
                addresses: &["./authz.sock"],
            },
            Case {
                advice: "unix:/run/portcullis/authz.sock",
                addresses: &["unix:authz.sock", "unix:", "unix:/run/", "unix:/run/a\0b"],
            },
            Case {
                advice: "107",
                addresses: &[long.as_str()],
            },
        ] {
            for address in addresses {
                let error = address.parse::<ListenAddress>().unwrap_err().to_string();
                assert!(error.contains(advice), "{address:?}: {error}");
            }
        }
    }
}
