//! The gateway to try, and what is known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use crate::canary::Canary;
use crate::case::Setting;
use crate::identity::IdentityHeaders;

/// What to try, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where the gateway listens for clients, without TLS.
    pub gateway: SocketAddr,
    /// The value of Host.
    pub host: String,
    /// The URL of the echo's records.
    pub records: String,
    /// Paths that the gateway passes on with a token, at least one.
    pub protected: Vec<Protected>,
    /// Paths that it passes on for everybody.
    pub public: Vec<String>,
    /// An origin whose preflights it answers.
    pub origin: String,
    /// What must not be spoofed.
    pub identity: IdentityHeaders,
    /// How long one exchange may take.
    pub limit: Duration,
    /// How many connections are open at once.
    pub connections: usize,
}

/// A path, and a token that opens it.
#[derive(Clone, Debug)]
pub struct Protected {
    /// The path at the gateway.
    pub path: String,
    /// The token.
    pub token: String,
}

impl Target {
    /// An honest GET.
    pub(crate) fn get(&self, path: &str, token: Option<&str>, canary: Canary) -> Setting {
        let (method, path, host) = ("GET".to_owned(), path.to_owned(), self.host.clone());
        Setting {
            method,
            path,
            host,
            token: token.map(str::to_owned),
            more: Vec::new(),
            canary,
        }
    }

    /// One path for each token: usually one for each service.
    pub(crate) fn one_for_each_token(&self) -> Vec<&Protected> {
        let mut seen = BTreeSet::new();
        self.protected
            .iter()
            .filter(|protected| seen.insert(protected.token.as_str()))
            .collect()
    }
}

/// Where the paths led when they were tried honestly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes {
    /// The handlers that each token opens.
    pub(crate) by_token: BTreeMap<String, BTreeSet<String>>,
    /// The handlers that are open to everybody.
    pub(crate) public: BTreeSet<String>,
}

impl Routes {
    /// What a request may reach.
    pub(crate) fn open_to(&self, token: Option<&str>) -> BTreeSet<String> {
        let with_token = token.and_then(|token| self.by_token.get(token));
        self.public
            .iter()
            .chain(with_token.into_iter().flatten())
            .cloned()
            .collect()
    }

    /// The services' own paths, where the gateway's differ.
    pub(crate) fn service_paths(&self) -> Vec<String> {
        let handlers: BTreeSet<&String> = self.by_token.values().flatten().collect();
        let filled = handlers.into_iter().map(|pattern| {
            let segments = pattern.split('/').map(|segment| {
                if segment.starts_with('{') {
                    "1"
                } else {
                    segment
                }
            });
            segments.collect::<Vec<_>>().join("/")
        });
        filled.collect()
    }
}
