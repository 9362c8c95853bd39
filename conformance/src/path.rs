//! Paths that a gateway and the service behind it may read differently.

mod changes;
mod crossings;
mod spelling;
mod whatwg;

use std::collections::HashSet;

/// A target of a request, and what makes it a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) bytes: Vec<u8>,
    /// The path, of those that were given, that it was made from.
    pub(crate) base: usize,
    /// Which token it is tried with, beside none.
    pub(crate) token: TokenOf,
}

/// A token that opens something, but not where the target is meant to lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenOf {
    /// The base's: the target starts there and leads elsewhere.
    Base,
    /// One that does not open the base.
    AnotherPath,
}

/// Where requests are meant to go.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// Paths that the gateway passes on, to those who may.
    pub(crate) gateway: Vec<String>,
    /// Those of them, by number, that stand for a service each, and are changed in every way.
    pub(crate) thoroughly: Vec<usize>,
    /// What the service calls the same things, where the gateway rewrites.
    pub(crate) service: Vec<String>,
    /// The value of Host.
    pub(crate) host: String,
}

/// Every target, each once.
pub(crate) fn targets(paths: &Paths) -> Vec<Target> {
    let mut seen = HashSet::new();
    let all = changes::all(paths)
        .into_iter()
        .chain(crossings::all(paths))
        .chain(whatwg::all(paths));
    all.filter(|target| {
        !target.bytes.is_empty() && seen.insert((target.bytes.clone(), target.base))
    })
    .collect()
}

impl Target {
    fn new(base: usize, token: TokenOf, what: &str, bytes: Vec<u8>) -> Self {
        Self {
            what: what.to_owned(),
            bytes,
            base,
            token,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Paths, targets};

    #[test]
    fn ten_thousand_targets_of_every_kind() {
        let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        let paths = Paths {
            gateway: owned(&[
                "/api/tasks",
                "/api/tasks/1",
                "/notification/notify",
                "/auditing/audit",
            ]),
            thoroughly: vec![0, 2, 3],
            service: owned(&["/api/tasks", "/notify", "/audit"]),
            host: "gateway".to_owned(),
        };
        let targets = targets(&paths);
        assert!(targets.len() >= 10_000, "{}", targets.len());
        let has = |bytes: &[u8]| {
            assert!(
                targets.iter().any(|target| target.bytes == bytes),
                "{}",
                bytes.escape_ascii()
            )
        };
        has(b"/api/tasks%00");
        has(b"/auditing%2faudit");
        has(b"/%61uditing/audit");
        has(b"/api/tasks%252e");
        has(b"/api/tasks/..%2f..%2faudit");
        has(b"/api/tasks/..;/..;/audit");
        has(b"/AUDITING/AUDIT");
        has(b"/auditing;a=b/audit");
        has(b"http://gateway/auditing/audit");
        has(b"//auditing/audit");
        has(b"/auditing/audit\xff");
        has(b"/auditing/audit#x");
        has(b"/auditing\\audit");
    }
}
