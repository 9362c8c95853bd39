//! The caller as headers, for people and for services that cannot verify an assertion.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use portcullis_token::Caller;

/// Every identity header; those that a caller has no value for are removed.
pub(crate) const NAMES: [&str; 5] = ["x-user-oid", "x-user-name", "x-user-email", "x-tenant-id", "x-user-roles"];

/// Longer values than this are refused rather than cut: half a list of roles is another list of roles.
const MAX_LENGTH: usize = 8 * 1024;

/// Encoded beside non-ASCII bytes: what would break the line (controls), separate values (`,` `;`) or look like encoding (`%`).
/// A space is legal inside a value and common in names.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b',').add(b';').add(b'"').add(b'\\');

/// The headers that `caller` has a value for; `None` if one would be too long.
pub(crate) fn of(caller: &Caller) -> Option<Vec<(&'static str, String)>> {
    let roles: Vec<Cow<'_, str>> = caller.roles.iter().map(|role| encode(role)).collect();
    let values = [
        Some(encode(&caller.object_id)),
        caller.name.as_deref().map(encode),
        caller.email.as_deref().map(encode),
        Some(encode(&caller.tenant)),
        (!roles.is_empty()).then(|| roles.join(",").into()),
    ];
    let headers = NAMES.into_iter().zip(values);
    let headers: Vec<_> = headers.filter_map(|(name, value)| Some((name, value?.into_owned()))).collect();
    headers.iter().all(|(_, value)| value.len() <= MAX_LENGTH).then_some(headers)
}

/// Percent-encoding of UTF-8 (RFC 3986 §2.1), which every language decodes.
fn encode(value: &str) -> Cow<'_, str> {
    percent_encode(value.as_bytes(), ENCODED).into()
}

#[cfg(test)]
mod tests {
    use portcullis_token::{Caller, CallerKind};

    use super::of;

    fn caller(name: &str, roles: &[&str]) -> Caller {
        Caller {
            tenant: "t".to_owned(),
            object_id: "o".to_owned(),
            kind: CallerKind::User,
            actor: None,
            name: Some(name.to_owned()),
            email: None,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            scopes: Vec::new(),
        }
    }

    #[test]
    fn values_are_decodable_and_safe_in_a_header() {
        for (name, encoded) in [
            ("Ada Admin", "Ada Admin"),
            ("Renée", "Ren%C3%A9e"),
            ("100%", "100%25"),
            ("a\r\nX-User-Roles: Admin", "a%0D%0AX-User-Roles: Admin"),
            ("Doe, Jane", "Doe%2C Jane"),
            ("nul\0", "nul%00"),
            ("\u{202e}", "%E2%80%AE"),
        ] {
            let headers = of(&caller(name, &[])).unwrap();
            assert_eq!(
                headers,
                [("x-user-oid", "o".to_owned()), ("x-user-name", encoded.to_owned()), ("x-tenant-id", "t".to_owned())]
            );
        }
    }

    #[test]
    fn roles_cannot_smuggle_a_separator() {
        let headers = of(&caller("n", &["Reader,Admin", "Editor"])).unwrap();
        assert_eq!(headers.last().unwrap(), &("x-user-roles", "Reader%2CAdmin,Editor".to_owned()));
    }

    #[test]
    fn what_is_too_long_is_refused_whole() {
        assert!(of(&caller(&"x".repeat(8 * 1024), &[])).is_some());
        assert!(of(&caller(&"x".repeat(8 * 1024 + 1), &[])).is_none());
    }
}
