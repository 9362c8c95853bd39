//! A measured case.

use crate::cases::CASES;

/// One way to authorize. It has a listener of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) filters: Filters,
    pub(crate) tokens: Tokens,
}

/// The authorization of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filters {
    /// No authorization: the shipped listener without its ext_authz filter.
    None,
    /// No authorization: a listener with Envoy's defaults instead of the shipped settings.
    Bare,
    /// Envoy's own filters, which cache this many tokens.
    JwtAuthn { cache: Option<u16> },
    /// The shipped filter, which sends Checks to this server under this policy.
    ExtAuthz { server: Server, policy: Policy },
}

/// A server that answers Checks in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) kind: ServerKind,
    pub(crate) transport: Transport,
    pub(crate) build: Build,
}

/// Which build of a server's program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// The program beside this one.
    Own,
    /// The program of `--base`.
    Base,
}

/// The program of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// A tonic service that answers OK, the least cost of a gRPC server in Rust.
    NoOp,
    /// The authz server.
    Authz,
    /// The authz server, which shares a MAC key with the upstream.
    AuthzMac,
    /// The authz server, whose cached callers are dropped before each slice.
    AuthzFirstSeen,
}

/// How Envoy reaches a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    Unix,
}

/// A policy by the binding of its assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    None,
    Identity,
    Request,
}

impl Policy {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Identity, Self::Request];

    /// Its name, which is also the value of `bind` in its document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Identity => "identity",
            Self::Request => "request",
        }
    }
}

/// The tokens of a case's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// The same tokens in turn.
    Cached,
    /// A new token with each request.
    FirstSeen,
}

impl Case {
    pub(crate) const fn new(name: &'static str, filters: Filters) -> Self {
        Self {
            name,
            filters,
            tokens: Tokens::Cached,
        }
    }

    pub(crate) const fn with_server(name: &'static str, server: Server, policy: Policy) -> Self {
        Self::new(name, Filters::ExtAuthz { server, policy })
    }

    pub(crate) const fn with_tokens(self, tokens: Tokens) -> Self {
        Self { tokens, ..self }
    }

    pub(crate) fn server(&self) -> Option<Server> {
        match self.filters {
            Filters::ExtAuthz { server, .. } => Some(server),
            Filters::None | Filters::Bare | Filters::JwtAuthn { .. } => None,
        }
    }

    /// Whether this case denies requests without a good token.
    pub(crate) fn denies(&self) -> bool {
        match self.filters {
            Filters::None | Filters::Bare => false,
            Filters::JwtAuthn { .. } => true,
            Filters::ExtAuthz { server, .. } => server.kind != ServerKind::NoOp,
        }
    }

    /// Whether this is a no-op case.
    pub(crate) fn is_floor(&self) -> bool {
        self.server()
            .is_some_and(|server| server.kind == ServerKind::NoOp)
    }

    /// The no-op case over the same transport, for cases whose goals refer to it.
    pub(crate) fn floor(&self) -> Option<Case> {
        let server = self.server()?;
        let floor = Server {
            kind: ServerKind::NoOp,
            ..server
        };
        let is_floor = |case: &&Case| case.server() == Some(floor);
        match server.kind {
            ServerKind::Authz | ServerKind::AuthzMac => CASES.iter().find(is_floor).copied(),
            ServerKind::NoOp | ServerKind::AuthzFirstSeen => None,
        }
    }

    /// The same case with the authz server of `--base`; `None` without an authz server.
    pub(crate) fn of_base(&self) -> Option<Case> {
        let Filters::ExtAuthz { server, policy } = self.filters else {
            return None;
        };
        let server = Server {
            build: Build::Base,
            ..server
        };
        (server.kind != ServerKind::NoOp).then(|| Self {
            // Names live as long as the program.
            name: base_name(self.name).leak(),
            filters: Filters::ExtAuthz { server, policy },
            ..*self
        })
    }
}

/// The name of the case that measures the base of `case`.
pub(crate) fn base_name(case: &str) -> String {
    format!("{case}, base")
}
