//! The authority: the base URL of metadata and endpoints, and the issuers of tokens.

use std::str::FromStr;

use serde::Deserialize;
use url::{Host, Url};

use crate::directory::GRAPH_URI;

/// The two generations of Entra's endpoints and token shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u8")]
#[schemars(with = "u8", extend("maximum" = 2, "minimum" = 1))]
pub(crate) enum Version {
    V1,
    V2,
}

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            _ => Err("token versions are 1 and 2"),
        }
    }
}

/// The scheme, host and port that clients and validators reach this server by.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    origin: String,
    host: String,
}

impl Authority {
    /// The authority of a server on the loopback address.
    pub(crate) fn localhost(port: u16) -> Self {
        Self {
            origin: format!("https://localhost:{port}"),
            host: "localhost".to_owned(),
        }
    }

    /// The host of the URL as in a certificate: a DNS name, or an IP address without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The host with its port, unless that is 443.
    pub(crate) fn host_and_port(&self) -> &str {
        self.origin.strip_prefix("https://").unwrap_or(&self.origin)
    }

    /// The identifier URI of Microsoft Graph for this server's own URL: clients with one setting
    /// for the URL of Microsoft Graph request tokens for it. Other identifiers stay.
    pub(crate) fn graph_or<'a>(&self, identifier: &'a str) -> &'a str {
        let is_graph = [self.origin.as_str(), GRAPH_URI]
            .iter()
            .any(|uri| identifier.trim_end_matches('/').eq_ignore_ascii_case(uri));
        if is_graph { GRAPH_URI } else { identifier }
    }

    /// A URL under a tenant.
    pub(crate) fn endpoint(&self, tenant: &str, path: &str) -> String {
        format!("{}/{tenant}/{path}", self.origin)
    }

    /// The `iss` of a tenant's tokens. In v1 tokens it has another host than the metadata.
    pub(crate) fn issuer(&self, version: Version, tenant: &str) -> String {
        match version {
            Version::V1 => format!("https://sts.windows.net/{tenant}/"),
            Version::V2 => self.endpoint(tenant, "v2.0"),
        }
    }
}

impl std::fmt::Display for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.origin)
    }
}

impl FromStr for Authority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .map_err(|error| format!("{error}; give a URL such as https://localhost:8443"))?;
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err("has no host; give a URL such as https://localhost:8443".to_owned()),
        };
        // MSAL and azure-identity reject an http authority before they send a request.
        if url.scheme() != "https" {
            return Err("is not https, which the clients of Entra require".to_owned());
        }
        let only_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !only_origin || !url.username().is_empty() || url.password().is_some() {
            return Err(
                "has more than a host and a port; the paths are Entra's and start at the root"
                    .to_owned(),
            );
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Authority, Version};

    #[test]
    fn authority_accepts_only_an_https_origin() {
        struct Accepted {
            text: &'static str,
            origin: &'static str,
        }

        let parsed = |text: &str| {
            let authority = text.parse::<Authority>().ok();
            authority.map(|authority| authority.to_string())
        };
        for Accepted { text, origin } in [
            Accepted {
                text: "https://localhost:8443",
                origin: "https://localhost:8443",
            },
            Accepted {
                text: "https://Entra.Test/",
                origin: "https://entra.test",
            },
            Accepted {
                text: "https://[::1]:8443",
                origin: "https://[::1]:8443",
            },
        ] {
            assert_eq!(parsed(text).as_deref(), Some(origin), "{text}");
        }
        for text in [
            "http://localhost:8443",
            "https://localhost/tenant",
            "https://localhost/?a=b",
            "https://user@localhost/",
            "localhost:8443",
            "",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn issuer_follows_the_public_url_only_in_v2() {
        let authority = Authority::localhost(8443);
        assert_eq!(
            authority.issuer(Version::V2, "t"),
            "https://localhost:8443/t/v2.0"
        );
        assert_eq!(
            authority.issuer(Version::V1, "t"),
            "https://sts.windows.net/t/"
        );
    }
}
