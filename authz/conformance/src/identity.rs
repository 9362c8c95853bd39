//! The headers from which a service may take the caller, the client's address or the route.

use crate::removed;

/// Names that are tried in every form, one for each way in which gateways treat headers. A gateway
/// treats rare forms in the same way for all names.
const IN_EVERY_FORM: &[&str] = &[
    "x-user-oid",
    "x-tenant-id",
    "x-portcullis-assertion",
    "remote-user",
    "x-forwarded-for",
    "x-original-url",
];

/// The identity headers: those of [`removed`], and further names.
#[derive(Clone, Debug, Default)]
pub struct IdentityHeaders {
    /// Names, or prefixes that end in `-`, in the form of [`removed::folded`].
    more: Vec<String>,
}

impl IdentityHeaders {
    /// The headers of [`removed`] and `more`: names, or prefixes that end in `-`.
    #[must_use]
    pub fn and(more: impl IntoIterator<Item = String>) -> Self {
        Self {
            more: more
                .into_iter()
                .map(|name| read_name(name.as_bytes()))
                .collect(),
        }
    }

    /// Whether a service could read this name as an identity header.
    #[must_use]
    pub fn contain(&self, name: &[u8]) -> bool {
        let name = read_name(name);
        let covers = |known: &String| {
            if known.ends_with('-') {
                name.starts_with(known)
            } else {
                name == *known
            }
        };
        removed::is_removed(&name) || self.more.iter().any(covers)
    }

    /// Whole names that cases use.
    pub(crate) fn names(&self) -> Vec<String> {
        let written = removed::WRITTEN_BY_ENVOY.map(str::to_owned);
        let known = removed::headers().flat_map(removed::RemovedHeader::names);
        known.chain(written).chain(self.names_of_more()).collect()
    }

    /// The names that cases use in every form.
    pub(crate) fn in_every_form(&self) -> Vec<String> {
        IN_EVERY_FORM
            .iter()
            .map(|name| (*name).to_owned())
            .chain(self.names_of_more())
            .collect()
    }

    fn names_of_more(&self) -> impl Iterator<Item = String> {
        let whole = |name: &String| {
            if name.ends_with('-') {
                format!("{name}id")
            } else {
                name.clone()
            }
        };
        self.more.iter().map(whole)
    }
}

/// A header's name as the most lenient server reads it. Bytes that a name cannot have are dropped,
/// and every character that is not alphanumeric becomes `-` (`_` was CVE-2025-64484).
fn read_name(name: &[u8]) -> String {
    let kept: String = name
        .iter()
        .filter(|byte| matches!(byte, b'!'..=b'~'))
        .map(|byte| char::from(*byte))
        .collect();
    removed::folded(&kept)
}

#[cfg(test)]
mod tests {
    use super::IdentityHeaders;

    #[test]
    fn identity_headers_contain_every_spelling() {
        let headers = IdentityHeaders::and(["X-Consumer-".to_owned(), "x-who".to_owned()]);
        for name in [
            "x-user-oid",
            "X_User_OID",
            " x-user-oid\t",
            "x-user-\u{e9}",
            "X-USER-ANYTHING",
            "\u{b}remote-user",
            "x.user~oid",
        ] {
            assert!(headers.contain(name.as_bytes()), "{name:?}");
        }
        for name in ["x-consumer-id", "X-Who", "forwarded", "x-envoy-internal"] {
            assert!(headers.contain(name.as_bytes()), "{name:?}");
        }
        for name in [
            "x-users",
            "user",
            "x-whose",
            "remote-host",
            "accept",
            "",
            "x-forwarded",
        ] {
            assert!(!headers.contain(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn names_are_identity_headers() {
        let headers = IdentityHeaders::default();
        let names = headers.names();
        assert!(
            names.len() > 240 && names.iter().all(|name| headers.contain(name.as_bytes())),
            "{names:?}"
        );
    }
}
