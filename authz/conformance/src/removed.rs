//! The list of headers that a client may not send through a gateway.
//!
//! `envoy/`, the chart, `k8s/gateways`, `docs/identity-headers.md`, `portcullis lint` and the
//! conformance runner all follow this list. `make generate` writes the files; a test compares them.

mod identity;
mod pattern;
mod routing;

pub use pattern::{ORDINARY, patterns};

/// The kind of information that a service takes from a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The caller.
    Identity,
    /// The client's address.
    Address,
    /// The path, host or method of the request, or instructions to Envoy.
    Routing,
}

/// The headers of one product or convention.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The product or convention that sets the headers.
    pub of: &'static str,
    /// The information that a service takes from them.
    pub says: Says,
    /// The page that documents them: a URL, a file of `docs/`, or empty.
    pub page: &'static str,
    /// The headers.
    pub headers: &'static [RemovedHeader],
}

impl Group {
    /// Whether the gateway's files have a line for each header, because operators look for it
    /// there. Other headers are only in regular expressions.
    #[must_use]
    pub fn is_spelt_out(&self) -> bool {
        self.is_own() || self.says == Says::Routing
    }

    /// Whether these are the authz server's own headers.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.of == PORTCULLIS
    }
}

/// A header name, or a prefix of header names, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovedHeader {
    text: &'static str,
    /// Endings in use. Empty if `text` is a whole name.
    endings: &'static [&'static str],
}

/// The group of the authz server's own headers.
const PORTCULLIS: &str = "Portcullis";

const fn exact(text: &'static str) -> RemovedHeader {
    RemovedHeader { text, endings: &[] }
}

const fn prefix(text: &'static str, endings: &'static [&'static str]) -> RemovedHeader {
    RemovedHeader { text, endings }
}

/// Headers that Envoy overwrites, unless it trusts a load balancer to set them. Therefore the
/// patterns do not match their proper spelling, and a separate line removes `x-forwarded-for`.
pub const WRITTEN_BY_ENVOY: [&str; 2] = ["x-forwarded-for", "x-forwarded-proto"];

/// Every group, identity first.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    identity::GROUPS.iter().chain(routing::GROUPS)
}

/// Every entry of the list.
pub fn headers() -> impl Iterator<Item = RemovedHeader> {
    groups().flat_map(|group| group.headers).copied()
}

/// Whether a server could read `name` as a header of the list.
///
/// Some servers map other characters to `_` or `-`: CGI (RFC 3875 §4.1.18) and WSGI map `-`, other
/// servers also `.` or `~`. So `x.user~oid` counts as `x-user-oid`.
#[must_use]
pub fn is_removed(name: &str) -> bool {
    let name = folded(name);
    WRITTEN_BY_ENVOY.contains(&name.as_str()) || headers().any(|header| header.covers(&name))
}

/// `name` in lower case, with `-` for every character that is not alphanumeric.
#[must_use]
pub fn folded(name: &str) -> String {
    let fold = |character: char| match character.to_ascii_lowercase() {
        character if character.is_ascii_alphanumeric() => character,
        _ => '-',
    };
    name.chars().map(fold).collect()
}

impl RemovedHeader {
    /// The whole name, or the prefix.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// Whether the entry is a prefix.
    #[must_use]
    pub const fn is_prefix(self) -> bool {
        !self.endings.is_empty()
    }

    /// Whether the entry covers the header with this name, in lower case.
    #[must_use]
    pub fn covers(self, name: &str) -> bool {
        if self.is_prefix() {
            name.starts_with(self.text)
        } else {
            name == self.text
        }
    }

    /// The whole names in use.
    pub fn names(self) -> impl Iterator<Item = String> {
        let whole = (!self.is_prefix()).then(|| self.text.to_owned());
        whole.into_iter().chain(
            self.endings
                .iter()
                .map(move |end| format!("{}{end}", self.text)),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{folded, headers, is_removed};

    #[test]
    fn list_has_unique_entries_in_lower_case() {
        let mut seen = HashSet::new();
        for header in headers() {
            let text = header.text();
            assert!(seen.insert(text), "{text} is there twice");
            let lower =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(text.bytes().all(lower), "{text}");
            let covered = headers().filter(|other| other.is_prefix() && *other != header);
            let wider: Vec<_> = covered
                .filter(|other| text.starts_with(other.text()))
                .collect();
            assert!(wider.is_empty(), "{text} is covered by {wider:?}");
        }
        assert!(seen.len() > 130, "{}", seen.len());
    }

    #[test]
    fn every_spelling_of_every_name_is_removed() {
        for name in headers().flat_map(super::RemovedHeader::names) {
            assert_eq!(folded(&name), name);
            for separator in ['-', '_', '.', '~', '!', '|', ' '] {
                let spelt = name.replace('-', &separator.to_string());
                assert!(
                    is_removed(&spelt) && is_removed(&spelt.to_ascii_uppercase()),
                    "{spelt}"
                );
            }
        }
    }

    #[test]
    fn ordinary_headers_are_not_removed() {
        for name in super::ORDINARY {
            assert!(!is_removed(name), "{name}");
        }
    }
}
