//! Redirect URIs of an application, by platform as in a registration.

use serde::Deserialize;
use url::Url;

/// The hosts of the loopback interface.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The redirect URIs of one application.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RedirectUris {
    /// Of web applications, which redeem codes with their credentials.
    #[serde(default)]
    pub(super) web: Vec<String>,
    /// Of single-page applications, which redeem codes in the browser.
    #[serde(default)]
    pub(super) spa: Vec<String>,
    /// Of native applications and command-line tools, which have no credentials.
    #[serde(default)]
    pub(super) public_client: Vec<String>,
}

/// The platform of a redirect URI. It decides how its codes are redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub(crate) enum Platform {
    Web,
    Spa,
    PublicClient,
}

impl RedirectUris {
    /// The platform whose list has `uri`.
    ///
    /// The comparison is exact and case-sensitive, but a registered `http://localhost` matches each
    /// port (RFC 8252 §7.3).
    pub(crate) fn platform_of(&self, uri: &str) -> Option<Platform> {
        self.iter()
            .find(|(_, registered)| matches(registered, uri))
            .map(|(platform, _)| platform)
    }

    /// The redirect URI of a request that names none.
    pub(crate) fn first(&self) -> Option<&str> {
        self.iter().map(|(_, uri)| uri).next()
    }

    /// All redirect URIs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Platform, &str)> {
        let web = self.web.iter().map(|uri| (Platform::Web, uri.as_str()));
        let spa = self.spa.iter().map(|uri| (Platform::Spa, uri.as_str()));
        let public = self
            .public_client
            .iter()
            .map(|uri| (Platform::PublicClient, uri.as_str()));
        web.chain(spa).chain(public)
    }
}

/// Why an application may not register `uri`.
pub(crate) fn problem_of(uri: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(uri) else {
        return Some("is not an absolute URI; write one such as https://app.example/auth");
    };
    if url.fragment().is_some() || uri.contains('*') {
        return Some("has a fragment or a wildcard, which Entra does not allow; remove it");
    }
    match url.scheme() {
        "javascript" | "data" | "file" | "vbscript" | "blob" => {
            Some("has a scheme that runs code in the page; use https")
        }
        "http" if !is_loopback(&url) => Some("is http on another host than localhost; use https"),
        _ => None,
    }
}

fn matches(registered: &str, given: &str) -> bool {
    if registered == given || format!("{registered}/") == given || registered == format!("{given}/")
    {
        return is_root(registered, given);
    }
    // Both stay text: a parsed URL has lost what differs, such as a tab, a backslash or a case.
    match (Loopback::parse(registered), Loopback::parse(given)) {
        (Some(registered), Some(given)) => registered == given,
        _ => false,
    }
}

/// A URI of the loopback interface without its port.
#[derive(PartialEq, Eq)]
struct Loopback<'a> {
    host: &'a str,
    /// Path and query. An empty path is `/`.
    rest: &'a str,
}

impl<'a> Loopback<'a> {
    fn parse(uri: &'a str) -> Option<Self> {
        let after_scheme = uri.strip_prefix("http://")?;
        let host = LOOPBACK
            .into_iter()
            .find(|host| after_scheme.starts_with(host))?;
        let after_host = after_scheme.strip_prefix(host)?;
        let rest = match after_host.strip_prefix(':') {
            Some(after_colon) => {
                let rest = after_colon.trim_start_matches(|letter: char| letter.is_ascii_digit());
                after_colon.strip_suffix(rest)?.parse::<u16>().ok()?;
                rest
            }
            None => after_host,
        };
        match rest {
            "" => Some(Self { host, rest: "/" }),
            _ if rest.starts_with(['/', '?']) => Some(Self { host, rest }),
            _ => None,
        }
    }
}

/// Whether two URIs that differ at most by a final slash are the same: only the slash of an empty
/// path may differ.
fn is_root(registered: &str, given: &str) -> bool {
    registered == given
        || Url::parse(registered).is_ok_and(|url| url.path() == "/" && url.query().is_none())
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && url.host_str().is_some_and(|host| LOOPBACK.contains(&host))
}

#[cfg(test)]
mod tests {
    use super::{Platform, RedirectUris, problem_of};

    struct Case {
        name: &'static str,
        given: &'static str,
        platform: Option<Platform>,
    }

    #[test]
    fn redirect_uri_matches_exactly_but_for_the_port_of_localhost() {
        let uris: RedirectUris = serde_json::from_str(
            r#"{"web": ["https://app.example/auth?a=b", "https://root.example"],
                "spa": ["http://localhost:3000"], "publicClient": ["http://localhost/back"]}"#,
        )
        .unwrap();
        for Case {
            name,
            given,
            platform,
        } in [
            Case {
                name: "same",
                given: "https://app.example/auth?a=b",
                platform: Some(Platform::Web),
            },
            Case {
                name: "empty path with a slash",
                given: "https://root.example/",
                platform: Some(Platform::Web),
            },
            Case {
                name: "port of localhost",
                given: "http://localhost:41000/",
                platform: Some(Platform::Spa),
            },
            Case {
                name: "port and path",
                given: "http://localhost:41000/back",
                platform: Some(Platform::PublicClient),
            },
            Case {
                name: "other case",
                given: "https://app.example/Auth?a=b",
                platform: None,
            },
            Case {
                name: "other query",
                given: "https://app.example/auth",
                platform: None,
            },
            Case {
                name: "final slash",
                given: "https://app.example/auth/?a=b",
                platform: None,
            },
            Case {
                name: "longer path",
                given: "http://localhost:3000/evil",
                platform: None,
            },
            Case {
                name: "longer host",
                given: "https://root.example.evil.example/",
                platform: None,
            },
            Case {
                name: "user in the authority",
                given: "http://localhost:3000@evil.example/",
                platform: None,
            },
            Case {
                name: "user of localhost",
                given: "http://user@localhost:3000/",
                platform: None,
            },
            Case {
                name: "other loopback name",
                given: "http://127.0.0.1:3000/",
                platform: None,
            },
            Case {
                name: "https on localhost",
                given: "https://localhost:3000/",
                platform: None,
            },
            Case {
                name: "fragment",
                given: "http://localhost:3000/#a",
                platform: None,
            },
        ] {
            assert_eq!(uris.platform_of(given), platform, "{name}");
        }
    }

    #[test]
    fn registration_rejects_what_entra_rejects() {
        for (uri, allowed) in [
            ("https://app.example/auth", true),
            ("http://localhost", true),
            ("msal3a5c0004://auth", true),
            ("http://app.example/auth", false),
            ("https://*.app.example/", false),
            ("https://app.example/#a", false),
            ("javascript:alert(1)", false),
            ("/auth", false),
        ] {
            assert_eq!(problem_of(uri).is_none(), allowed, "{uri}");
        }
    }
}
