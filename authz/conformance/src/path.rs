//! Targets whose path a gateway and the service behind it may read differently.

mod changes;
mod crossings;
mod spelling;
mod whatwg;

use std::collections::HashSet;

/// A target of a request, with its description and origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) bytes: Vec<u8>,
    /// Index of the gateway path that the target was made from.
    pub(crate) base: usize,
    /// The token of the second attempt. The first has none.
    pub(crate) token: TokenOf,
}

/// A token that does not open the path that the target tries to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenOf {
    /// The token of the base. The target starts at the base and leads elsewhere.
    Base,
    /// A token that does not open the base.
    AnotherPath,
}

/// The paths from which targets are made.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// Protected paths of the gateway.
    pub(crate) gateway: Vec<String>,
    /// Indexes of one gateway path for each token. These are changed in every way.
    pub(crate) thoroughly: Vec<usize>,
    /// The paths of the services, which differ from the gateway's if it rewrites.
    pub(crate) service: Vec<String>,
    /// The value of Host.
    pub(crate) host: String,
}

/// All targets, without duplicates.
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
    fn targets_are_ten_thousand_of_every_kind() {
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
            );
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
