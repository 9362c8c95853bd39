use std::fmt;
use std::str::FromStr;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// URL of the rate-limit store: `redis://`, or `rediss://` for TLS.
///
/// It may hold a password, so only host and port are ever printed.
#[derive(Clone)]
pub struct StoreUrl(pub(super) ConnectionInfo);

/// A URL that names no store. The error does not repeat it, because it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a URL such as redis://host:6379 or rediss://user:password@host:6380/0")]
pub struct InvalidStoreUrl;

impl FromStr for StoreUrl {
    type Err = InvalidStoreUrl;

    fn from_str(url: &str) -> Result<Self, InvalidStoreUrl> {
        let store = url.into_connection_info().map_err(|_| InvalidStoreUrl)?;
        // The client's default is Nagle's algorithm: the next count would wait for the
        // acknowledgement of the one before.
        Ok(Self(store.set_tcp_settings(
            TcpSettings::default().set_nodelay(true),
        )))
    }
}

impl StoreUrl {
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.0.addr(), ConnectionAddr::TcpTls { .. })
    }
}

/// Writes host and port only.
impl fmt::Display for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.addr().fmt(formatter)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::StoreUrl;

    #[test]
    fn store_is_named_without_its_password() {
        struct Case {
            name: &'static str,
            url: &'static str,
            shown: &'static str,
            tls: bool,
        }
        for Case {
            name,
            url,
            shown,
            tls,
        } in [
            Case {
                name: "without TLS",
                url: "redis://127.0.0.1:6379",
                shown: "127.0.0.1:6379",
                tls: false,
            },
            Case {
                name: "with TLS and a password",
                url: "rediss://authz:secret@cache.example:6380/1",
                shown: "cache.example:6380",
                tls: true,
            },
        ] {
            let store: StoreUrl = url.parse().unwrap();
            assert_eq!(
                (store.to_string().as_str(), store.is_tls()),
                (shown, tls),
                "{name}"
            );
            assert!(!format!("{store:?}").contains("secret"), "{name}");
            assert!(store.0.tcp_settings().nodelay(), "{name}");
        }
        for url in ["", "host:6379", "http://host", "redis://"] {
            let error = url.parse::<StoreUrl>().map(|store| store.to_string());
            assert!(error.is_err() || url == "redis://", "{url}");
        }
    }
}
