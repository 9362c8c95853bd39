//! The headers by which a service may learn from its gateway who calls, from where, and for what.

/// Headers that a client must not be able to send, each by its name or, with a final `-`, by what its name starts with.
const DEFAULT: &[&str] = &[
    "x-user-",
    "x-tenant-",
    "x-portcullis-",
    // As other gateways and the CGI world spell it.
    "x-ms-client-principal",
    "x-ms-client-principal-",
    "x-auth-request-",
    "remote-user",
    "remote-groups",
    "remote-name",
    "remote-email",
    "x-remote-user",
    "x-remote-groups",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-access-token",
    "x-forwarded-preferred-username",
    "x-forwarded-client-cert",
    // Another path, host, method or address than the one that was authorized.
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-path",
    "x-forwarded-uri",
    "x-forwarded-method",
    "x-forwarded-scheme",
    "x-forwarded-ssl",
    "x-forwarded-proto",
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "x-original-",
    "x-rewrite-",
    "x-http-method-override",
    "x-method-override",
    "x-http-method",
    // Instructions to Envoy, and an id that passes one request off as another.
    "x-envoy-",
    "x-request-id",
    "proxy-authorization",
];

/// What stands for a name that is only known by its start.
const ENDINGS: &[(&str, &[&str])] = &[
    ("x-user-", &["oid", "roles", "email", "name", "scopes", "kind", "department"]),
    ("x-tenant-", &["id", "name"]),
    ("x-portcullis-", &["assertion", "policy"]),
    ("x-ms-client-principal-", &["id", "name", "idp"]),
    ("x-auth-request-", &["user", "email", "groups", "access-token"]),
    ("x-original-", &["url", "uri", "host", "method", "forwarded-for"]),
    ("x-rewrite-", &["url"]),
    ("x-envoy-", &["original-path", "internal", "external-address", "upstream-alt-stat-name"]),
];

/// Tried in every form: one for each way in which gateways treat them. What is rare in form is the same for all names.
const THOROUGHLY: &[&str] =
    &["x-user-oid", "x-tenant-id", "x-portcullis-assertion", "remote-user", "x-forwarded-for", "x-original-url"];

/// Which headers are identity headers.
#[derive(Clone, Debug)]
pub struct IdentityHeaders {
    names: Vec<String>,
    thoroughly: Vec<String>,
}

impl Default for IdentityHeaders {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self { names: owned(DEFAULT), thoroughly: owned(THOROUGHLY) }
    }
}

impl IdentityHeaders {
    /// The usual ones and `more`: names, or starts of names that end in `-`.
    #[must_use]
    pub fn and(more: impl IntoIterator<Item = String>) -> Self {
        let mut headers = Self::default();
        for name in more.into_iter().map(|name| read_name(name.as_bytes())) {
            headers.thoroughly.push(if name.ends_with('-') { format!("{name}id") } else { name.clone() });
            headers.names.push(name);
        }
        headers
    }

    /// Whether a service could take this for an identity header.
    #[must_use]
    pub fn contain(&self, name: &[u8]) -> bool {
        let name = read_name(name);
        self.names.iter().any(|known| if known.ends_with('-') { name.starts_with(known) } else { name == *known })
    }

    /// Whole names to try.
    pub(crate) fn names(&self) -> Vec<String> {
        let endings =
            |start: &str| ENDINGS.iter().find(|(known, _)| *known == start).map_or(&["id"][..], |(_, all)| all);
        let names = self.names.iter().flat_map(|known| {
            if known.ends_with('-') {
                endings(known).iter().map(|ending| format!("{known}{ending}")).collect()
            } else {
                vec![known.clone()]
            }
        });
        names.collect()
    }

    /// Those of the names that are tried in every form.
    pub(crate) fn thoroughly(&self) -> &[String] {
        &self.thoroughly
    }
}

/// A header's name as the most lenient server reads it: `_` is `-` in CGI (CVE-2025-64484), blanks around it are trimmed, and bytes that a
/// name cannot have are dropped.
fn read_name(name: &[u8]) -> String {
    let kept = name.iter().filter_map(|byte| match byte {
        b'_' => Some('-'),
        b'!'..=b'~' => Some(char::from(byte.to_ascii_lowercase())),
        _ => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::IdentityHeaders;

    #[test]
    fn a_name_is_known_however_it_is_written() {
        let headers = IdentityHeaders::and(["X-Consumer-".to_owned(), "x-who".to_owned()]);
        for name in
            ["x-user-oid", "X_User_OID", " x-user-oid\t", "x-user-\u{e9}", "X-USER-ANYTHING", "\u{b}remote-user"]
        {
            assert!(headers.contain(name.as_bytes()), "{name:?}");
        }
        for name in ["x-consumer-id", "X-Who", "forwarded", "x-envoy-internal"] {
            assert!(headers.contain(name.as_bytes()), "{name:?}");
        }
        for name in ["x-username", "user", "x-whose", "remote-users", "accept", "", "x-forwarded"] {
            assert!(!headers.contain(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn every_header_that_is_known_is_tried() {
        let headers = IdentityHeaders::default();
        let names = headers.names();
        assert!(names.len() > 55 && names.iter().all(|name| headers.contain(name.as_bytes())), "{names:?}");
    }
}
