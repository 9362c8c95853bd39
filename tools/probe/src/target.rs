use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// An address and a path, written `HOST:PORT` or `HOST:PORT/PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) authority: String,
    pub(crate) path: String,
}

impl Target {
    /// Every address of the host. Fails if DNS has no address, because an attempt needs one.
    pub(crate) fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        let found: Vec<_> = self.authority.to_socket_addrs()?.collect();
        if found.is_empty() {
            Err(std::io::Error::other("the name has no address"))
        } else {
            Ok(found)
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (authority, path) = text.split_once('/').unwrap_or((text, ""));
        let port = authority
            .rsplit_once(':')
            .map(|(host, port)| (!host.is_empty(), port.parse::<u16>()));
        match port {
            Some((true, Ok(1..))) => Ok(Self {
                authority: authority.to_owned(),
                path: format!("/{path}"),
            }),
            _ => Err(format!("{text}: write HOST:PORT or HOST:PORT/PATH")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// A target and its required status, written `http://HOST:PORT/PATH=STATUS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    pub(crate) scheme: Scheme,
    pub(crate) target: Target,
    pub(crate) status: u16,
}

impl FromStr for Expectation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text}: write http://HOST:PORT/PATH=STATUS, or https://");
        let (url, status) = text.rsplit_once('=').ok_or_else(form)?;
        let (scheme, target) = match url.split_once("://") {
            Some(("http", target)) => (Scheme::Http, target),
            Some(("https", target)) => (Scheme::Https, target),
            _ => return Err(form()),
        };
        Ok(Self {
            scheme,
            target: target.parse()?,
            status: status.parse().map_err(|_| form())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Expectation, Scheme, Target};

    #[test]
    fn target_requires_a_port_and_accepts_a_path() {
        struct Case {
            text: &'static str,
            authority: &'static str,
            path: &'static str,
        }

        for Case {
            text,
            authority,
            path,
        } in [
            Case {
                text: "a.b:80",
                authority: "a.b:80",
                path: "/",
            },
            Case {
                text: "[::1]:8000/api/me",
                authority: "[::1]:8000",
                path: "/api/me",
            },
            Case {
                text: "a:1/",
                authority: "a:1",
                path: "/",
            },
        ] {
            assert_eq!(
                text.parse(),
                Ok(Target {
                    authority: authority.to_owned(),
                    path: path.to_owned()
                }),
                "{text}"
            );
        }
        for text in ["", "a", "a:", ":80", "a:0", "a:65536", "a:http"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn expectation_requires_a_scheme_and_a_status() {
        struct Case {
            text: &'static str,
            scheme: Scheme,
        }

        for Case { text, scheme } in [
            Case {
                text: "http://authz:80/api/me=401",
                scheme: Scheme::Http,
            },
            Case {
                text: "https://authz:80/api/me=401",
                scheme: Scheme::Https,
            },
        ] {
            let found: Expectation = text.parse().unwrap();
            assert_eq!(
                (found.scheme, found.target.path.as_str(), found.status),
                (scheme, "/api/me", 401),
                "{text}"
            );
        }
        for text in [
            "http://authz:80/",
            "authz:443/=200",
            "ftp://authz:21/=200",
            "http://authz/=200",
            "http://authz:80/=ok",
        ] {
            assert!(text.parse::<Expectation>().is_err(), "{text}");
        }
    }
}
