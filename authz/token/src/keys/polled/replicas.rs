use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use crate::keys::source::FetchError;

/// The most replicas that are polled. Each costs a connection, every other second.
const MOST_REPLICAS: usize = 64;
/// Timeout of a name lookup: about as long as a request waits for its keys.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// A replica to fetch from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Replica {
    /// The host that the URL names.
    ByName,
    /// The host at this address.
    At(IpAddr),
}

/// The replicas behind `url`, at least one. An https URL has one, because TLS needs the name. So
/// has a URL with an address.
pub(super) async fn replicas(url: &Url) -> Result<Vec<Replica>, FetchError> {
    let (Some(Host::Domain(name)), "http") = (url.host(), url.scheme()) else {
        return Ok(vec![Replica::ByName]);
    };
    let unresolved = |problem: String| FetchError::Unresolved {
        url: url.clone(),
        problem,
    };
    let found = timeout(
        LOOK_UP_TIMEOUT,
        lookup_host((name, url.port_or_known_default().unwrap_or(80))),
    )
    .await;
    let found = match found {
        Ok(found) => found.map_err(|error| unresolved(error.to_string()))?,
        Err(_) => return Err(unresolved(format!("no answer within {LOOK_UP_TIMEOUT:?}"))),
    };
    let mut replicas: Vec<Replica> = found
        .map(|address: SocketAddr| Replica::At(address.ip()))
        .collect();
    replicas.sort_unstable();
    replicas.dedup();
    replicas.truncate(MOST_REPLICAS);
    if replicas.is_empty() {
        Err(unresolved("it has no address".to_owned()))
    } else {
        Ok(replicas)
    }
}

impl Replica {
    pub(super) fn is_by_name(self) -> bool {
        self == Self::ByName
    }

    pub(super) fn url(self, url: &Url) -> Url {
        let mut url = url.clone();
        if let Self::At(address) = self {
            // This fails only for a URL without a host, and this URL has one.
            let _set = url.set_ip_host(address);
        }
        url
    }

    /// The `Host` of a request by address; `None` for a request by name.
    pub(super) fn host_header(self, url: &Url) -> Option<String> {
        let Self::At(_) = self else { return None };
        let name = url.host_str()?.trim_end_matches('.');
        Some(
            url.port()
                .map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")),
        )
    }
}
