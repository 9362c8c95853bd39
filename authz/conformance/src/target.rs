//! The gateway to test, and its known routes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use crate::canary::Canary;
use crate::case::Setting;
use crate::identity::IdentityHeaders;

/// The gateway to test, and the settings of the run.
#[derive(Clone, Debug)]
pub struct Target {
    /// Address of the gateway, without TLS.
    pub gateway: SocketAddr,
    /// The value of Host.
    pub host: String,
    /// URL of the echo's records.
    pub records: String,
    /// Paths that need a token, at least one.
    pub protected: Vec<Protected>,
    /// Paths that need no token.
    pub public: Vec<String>,
    /// Origin whose preflights the gateway answers.
    pub origin: String,
    /// Headers that clients must not be able to send.
    pub identity: IdentityHeaders,
    /// Timeout of one request.
    pub limit: Duration,
    /// Maximum number of connections with a busy request.
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
    /// An honest GET request.
    pub(crate) fn get(&self, path: &str, token: Option<&str>, canary: Canary) -> Setting {
        Setting {
            method: "GET".to_owned(),
            path: path.to_owned(),
            host: self.host.clone(),
            token: token.map(str::to_owned),
            more: Vec::new(),
            canary,
        }
    }

    /// One path for each token, which is usually one for each service.
    pub(crate) fn one_for_each_token(&self) -> Vec<&Protected> {
        let mut seen = BTreeSet::new();
        self.protected
            .iter()
            .filter(|protected| seen.insert(protected.token.as_str()))
            .collect()
    }
}

/// The handlers that honest requests reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes {
    /// The handlers that each token opens.
    pub(crate) by_token: BTreeMap<String, BTreeSet<String>>,
    /// The handlers that are open without a token.
    pub(crate) public: BTreeSet<String>,
}

impl Routes {
    /// The handlers that a request with this token may reach.
    pub(crate) fn open_to(&self, token: Option<&str>) -> BTreeSet<String> {
        let with_token = token.and_then(|token| self.by_token.get(token));
        self.public
            .iter()
            .chain(with_token.into_iter().flatten())
            .cloned()
            .collect()
    }

    /// The paths of the services, which differ from the gateway's if it rewrites.
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
