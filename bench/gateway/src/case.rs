//! The measured cases.

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

const NO_OP: Server = Server {
    kind: ServerKind::NoOp,
    transport: Transport::Tcp,
};
const AUTHZ: Server = Server {
    kind: ServerKind::Authz,
    transport: Transport::Tcp,
};
const FIRST_SEEN: Server = Server {
    kind: ServerKind::AuthzFirstSeen,
    transport: Transport::Tcp,
};
const MAC: Server = Server {
    kind: ServerKind::AuthzMac,
    transport: Transport::Tcp,
};
const NO_OP_UNIX: Server = Server {
    transport: Transport::Unix,
    ..NO_OP
};
const AUTHZ_UNIX: Server = Server {
    transport: Transport::Unix,
    ..AUTHZ
};
const MAC_UNIX: Server = Server {
    transport: Transport::Unix,
    ..MAC
};

/// The baseline of every case.
pub(crate) const NO_AUTH: Case = Case::new("no auth", Filters::None);
/// The case to compare throughput with, because it verifies every token as well.
pub(crate) const JWT_UNCACHED: Case = Case::new(
    "jwt_authn + rbac (cache off)",
    Filters::JwtAuthn { cache: None },
);

/// Every case. The first is the baseline.
pub(crate) const CASES: [Case; 15] = [
    NO_AUTH,
    Case::new("no auth (bare listener)", Filters::Bare),
    JWT_UNCACHED,
    Case::new(
        "jwt_authn + rbac (cache 2000)",
        Filters::JwtAuthn { cache: Some(2000) },
    ),
    Case::with_server("no-op over TCP", NO_OP, Policy::None),
    Case::with_server("no assertion over TCP", AUTHZ, Policy::None),
    Case::with_server("identity over TCP", AUTHZ, Policy::Identity),
    Case::with_server("request over TCP", AUTHZ, Policy::Request),
    Case::with_server("request over TCP (first seen)", FIRST_SEEN, Policy::Request)
        .with_tokens(Tokens::FirstSeen),
    Case::with_server("request MAC over TCP", MAC, Policy::Request),
    Case::with_server("no-op over Unix", NO_OP_UNIX, Policy::None),
    Case::with_server("no assertion over Unix", AUTHZ_UNIX, Policy::None),
    Case::with_server("identity over Unix", AUTHZ_UNIX, Policy::Identity),
    Case::with_server("request over Unix", AUTHZ_UNIX, Policy::Request),
    Case::with_server("request MAC over Unix", MAC_UNIX, Policy::Request),
];

impl Case {
    const fn new(name: &'static str, filters: Filters) -> Self {
        Self {
            name,
            filters,
            tokens: Tokens::Cached,
        }
    }

    const fn with_server(name: &'static str, server: Server, policy: Policy) -> Self {
        Self::new(name, Filters::ExtAuthz { server, policy })
    }

    const fn with_tokens(self, tokens: Tokens) -> Self {
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
        let Server { kind, transport } = self.server()?;
        let floor = Server {
            kind: ServerKind::NoOp,
            transport,
        };
        let is_floor = |case: &&Case| case.server() == Some(floor);
        match kind {
            ServerKind::Authz | ServerKind::AuthzMac => CASES.iter().find(is_floor).copied(),
            ServerKind::NoOp | ServerKind::AuthzFirstSeen => None,
        }
    }
}

/// The cases whose name contains one of `parts`, and the cases to compare them with. All cases if
/// `parts` is empty.
pub(crate) fn chosen(parts: &[String]) -> Vec<Case> {
    let is_named = |case: &Case| parts.iter().any(|part| case.name.contains(part.as_str()));
    let floors = CASES
        .iter()
        .filter(|case| is_named(case))
        .filter_map(Case::floor);
    let compared: Vec<&str> = floors
        .chain([NO_AUTH, JWT_UNCACHED])
        .map(|case| case.name)
        .collect();
    let is_chosen = |case: &Case| is_named(case) || compared.contains(&case.name);
    CASES
        .into_iter()
        .filter(|case| parts.is_empty() || is_chosen(case))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CASES, NO_AUTH, ServerKind, chosen};

    #[test]
    fn cases_have_distinct_names_and_begin_with_the_baseline() {
        let names: HashSet<_> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
        assert_eq!(CASES[0].name, NO_AUTH.name);
    }

    #[test]
    fn authz_cases_have_a_floor_over_their_transport() {
        for case in CASES {
            let floor = case.floor();
            let is_authz = case.server().is_some_and(|server| {
                matches!(server.kind, ServerKind::Authz | ServerKind::AuthzMac)
            });
            assert_eq!(floor.is_some(), is_authz, "{}", case.name);
            if let (Some(floor), Some(server)) = (floor, case.server()) {
                assert_eq!(
                    floor.server().unwrap().transport,
                    server.transport,
                    "{}",
                    case.name
                );
            }
        }
    }

    #[test]
    fn chosen_cases_include_their_comparisons() {
        let names = |chosen_by: &str| -> Vec<_> {
            chosen(&[chosen_by.to_owned()])
                .iter()
                .map(|case| case.name)
                .collect()
        };
        let compared = [
            "no auth",
            "jwt_authn + rbac (cache off)",
            "no-op over Unix",
            "identity over Unix",
        ];
        assert_eq!(names("identity over Unix"), compared);
        assert_eq!(names("no such case"), compared[..2]);
        assert_eq!(chosen(&[]).len(), CASES.len());
    }
}
