//! The table of what is measured.

/// One way to authorize, with a listener of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) filters: Filters,
    pub(crate) tokens: Tokens,
}

/// What authorizes in a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filters {
    /// Nothing: the shipped listener without its ext_authz filter.
    None,
    /// Nothing: a listener with Envoy's defaults instead of the shipped settings.
    Bare,
    /// Envoy's own filters, which remember this many tokens.
    JwtAuthn { cache: Option<u16> },
    /// The shipped filter, which asks this server under this policy.
    ExtAuthz { server: Server, policy: Policy },
}

/// A server that answers Checks, a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) kind: ServerKind,
    pub(crate) transport: Transport,
}

/// Which program answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// A tonic service that answers OK: what any gRPC server in Rust costs.
    NoOp,
    /// Portcullis.
    Authz,
    /// Portcullis, which shares a MAC key with the upstream.
    AuthzMac,
    /// Portcullis, whose cached callers are dropped before each slice.
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

    /// Its name, and what its documents say after `bind:`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Identity => "identity",
            Self::Request => "request",
        }
    }
}

/// Which tokens a case's requests carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// The same ones in turn.
    Cached,
    /// A new one with each request.
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

/// What every case is compared with.
pub(crate) const NO_AUTH: Case = Case::new("no auth", Filters::None);
/// What throughput is compared with, since it verifies every token as well.
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
    Case::asks("no-op over TCP", NO_OP, Policy::None),
    Case::asks("no assertion over TCP", AUTHZ, Policy::None),
    Case::asks("identity over TCP", AUTHZ, Policy::Identity),
    Case::asks("request over TCP", AUTHZ, Policy::Request),
    Case::asks("request over TCP (first seen)", FIRST_SEEN, Policy::Request)
        .with(Tokens::FirstSeen),
    Case::asks("request MAC over TCP", MAC, Policy::Request),
    Case::asks("no-op over Unix", NO_OP_UNIX, Policy::None),
    Case::asks("no assertion over Unix", AUTHZ_UNIX, Policy::None),
    Case::asks("identity over Unix", AUTHZ_UNIX, Policy::Identity),
    Case::asks("request over Unix", AUTHZ_UNIX, Policy::Request),
    Case::asks("request MAC over Unix", MAC_UNIX, Policy::Request),
];

impl Case {
    const fn new(name: &'static str, filters: Filters) -> Self {
        Self {
            name,
            filters,
            tokens: Tokens::Cached,
        }
    }

    const fn asks(name: &'static str, server: Server, policy: Policy) -> Self {
        Self::new(name, Filters::ExtAuthz { server, policy })
    }

    const fn with(self, tokens: Tokens) -> Self {
        Self { tokens, ..self }
    }

    pub(crate) fn server(&self) -> Option<Server> {
        match self.filters {
            Filters::ExtAuthz { server, .. } => Some(server),
            Filters::None | Filters::Bare | Filters::JwtAuthn { .. } => None,
        }
    }

    /// Whether requests without a good token are denied.
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

    /// The no-op case over the same transport, for cases whose goals are set against it.
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

/// The cases whose name contains one of `parts`, and those that these are compared with; all if
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
    fn chosen_cases_bring_what_they_are_compared_with() {
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
