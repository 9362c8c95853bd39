//! The headers by which a service may learn from its gateway who calls, from where, and for what.

use crate::removed;

/// Tried in every form: one for each way in which gateways treat them. What is rare in form is the
/// same for all names.
const THOROUGHLY: &[&str] = &[
    "x-user-oid",
    "x-tenant-id",
    "x-portcullis-assertion",
    "remote-user",
    "x-forwarded-for",
    "x-original-url",
];

/// Which headers are identity headers: those of the list of [`removed`], and more.
#[derive(Clone, Debug, Default)]
pub struct IdentityHeaders {
    /// Names, or beginnings of names that end in `-`, as [`removed::folded`] writes them.
    more: Vec<String>,
}

impl IdentityHeaders {
    /// The usual ones and `more`: names, or starts of names that end in `-`.
    #[must_use]
    pub fn and(more: impl IntoIterator<Item = String>) -> Self {
        Self {
            more: more
                .into_iter()
                .map(|name| read_name(name.as_bytes()))
                .collect(),
        }
    }

    /// Whether a service could take this for an identity header.
    #[must_use]
    pub fn contain(&self, name: &[u8]) -> bool {
        let name = read_name(name);
        let is_meant = |known: &String| {
            if known.ends_with('-') {
                name.starts_with(known)
            } else {
                name == *known
            }
        };
        removed::is_removed(&name) || self.more.iter().any(is_meant)
    }

    /// Whole names to try.
    pub(crate) fn names(&self) -> Vec<String> {
        let written = removed::WRITTEN_BY_ENVOY.map(str::to_owned);
        let known = removed::headers().flat_map(removed::RemovedHeader::names);
        known.chain(written).chain(self.names_of_more()).collect()
    }

    /// Those of the names that are tried in every form.
    pub(crate) fn thoroughly(&self) -> Vec<String> {
        THOROUGHLY
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

/// A header's name as the most lenient server reads it: bytes that a name cannot have are dropped,
/// and every character that is not alphanumeric is `-` (CVE-2025-64484 was `_`).
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
    fn a_name_is_known_however_it_is_written() {
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
    fn every_header_that_is_known_is_tried() {
        let headers = IdentityHeaders::default();
        let names = headers.names();
        assert!(
            names.len() > 240 && names.iter().all(|name| headers.contain(name.as_bytes())),
            "{names:?}"
        );
    }
}
