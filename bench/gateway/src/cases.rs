//! The measured cases.

use crate::case::{Build, Case, Filters, Policy, Server, ServerKind, Tokens, Transport};

const NO_OP: Server = Server {
    kind: ServerKind::NoOp,
    transport: Transport::Tcp,
    build: Build::Own,
};
const AUTHZ: Server = Server {
    kind: ServerKind::Authz,
    ..NO_OP
};
const FIRST_SEEN: Server = Server {
    kind: ServerKind::AuthzFirstSeen,
    ..NO_OP
};
const MAC: Server = Server {
    kind: ServerKind::AuthzMac,
    ..NO_OP
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

/// Each of `cases`, and behind it the same case with the authz server of `--base`.
pub(crate) fn with_base(cases: &[Case]) -> Vec<Case> {
    let pairs = cases.iter().map(|case| (*case, case.of_base()));
    pairs
        .flat_map(|(case, base)| [Some(case), base])
        .flatten()
        .collect()
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
mod tests;
