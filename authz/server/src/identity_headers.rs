//! The caller as headers, for services that cannot verify an assertion and for people.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use portcullis_token::Caller;

use crate::reply_part::ReplyPart;

/// Headers that only one caller has: object id, name, e-mail address.
pub const OWN: [&str; 3] = ["x-user-oid", "x-user-name", "x-user-email"];
/// Headers that many callers have in common: tenant, roles.
const SHARED: [&str; 2] = ["x-tenant-id", "x-user-roles"];

/// Maximum length of an encoded value, in bytes.
///
/// A longer value denies the request and is never cut, because half a list of roles is another list
/// of roles.
const MAX_LENGTH: usize = 8 * 1024;

/// ASCII characters to encode: those that break the line (controls), separate or quote values
/// (`,` `;` `"` `\`), or look like encoding (`%`). A space is legal in a value and common in names.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b',').add(b';').add(b'"').add(b'\\');

/// The headers that only this caller has; `None` if one would be too long.
pub(crate) fn own(caller: &Caller) -> Option<ReplyPart> {
    let [object_id, name, email] = OWN;
    part(&[
        (object_id, Some(encode(&caller.object_id))),
        (name, caller.name.as_deref().map(encode)),
        (email, caller.email.as_deref().map(encode)),
    ])
}

/// The headers that many callers have in common; `None` if one would be too long.
pub(crate) fn shared(caller: &Caller) -> Option<ReplyPart> {
    let [tenant, roles] = SHARED;
    let list: Vec<Cow<'_, str>> = caller.roles.iter().map(|role| encode(role)).collect();
    part(&[
        (tenant, Some(encode(&caller.tenant))),
        (roles, (!list.is_empty()).then(|| list.join(",").into())),
    ])
}

/// Removes all identity headers, whatever the client sent.
pub(crate) fn anonymous() -> ReplyPart {
    ReplyPart::new([], OWN.into_iter().chain(SHARED))
}

/// Sets the headers that have a value and removes the others.
///
/// Envoy removes last, so a name in both lists would lose its value.
fn part<const N: usize>(headers: &[(&'static str, Option<Cow<'_, str>>); N]) -> Option<ReplyPart> {
    if headers
        .iter()
        .any(|(_, value)| value.as_ref().is_some_and(|value| value.len() > MAX_LENGTH))
    {
        return None;
    }
    let set = headers
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let unset = headers
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| *name);
    Some(ReplyPart::new(set, unset))
}

/// Percent-encoding of UTF-8 (RFC 3986 §2.1), which every language decodes.
fn encode(value: &str) -> Cow<'_, str> {
    percent_encode(value.as_bytes(), ENCODED).into()
}

#[cfg(test)]
mod tests {
    use portcullis_token::{Caller, CallerKind};

    use super::{anonymous, own, shared};
    use crate::reply_part::ReplyPart;

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
        struct Case {
            name: &'static str,
            value: &'static str,
            encoded: &'static str,
        }
        for Case {
            name,
            value,
            encoded,
        } in [
            Case {
                name: "ASCII",
                value: "Ada Admin",
                encoded: "Ada Admin",
            },
            Case {
                name: "beyond ASCII",
                value: "Renée",
                encoded: "Ren%C3%A9e",
            },
            Case {
                name: "a percent sign",
                value: "100%",
                encoded: "100%25",
            },
            Case {
                name: "a line break",
                value: "a\r\nX-User-Roles: Admin",
                encoded: "a%0D%0AX-User-Roles: Admin",
            },
            Case {
                name: "a comma",
                value: "Doe, Jane",
                encoded: "Doe%2C Jane",
            },
            Case {
                name: "a NUL",
                value: "nul\0",
                encoded: "nul%00",
            },
            Case {
                name: "a control beyond ASCII",
                value: "\u{202e}",
                encoded: "%E2%80%AE",
            },
        ] {
            let expected = ReplyPart::new(
                [("x-user-oid", "o"), ("x-user-name", encoded)],
                ["x-user-email"],
            );
            assert_eq!(own(&caller(value, &[])), Some(expected), "{name}");
        }
    }

    #[test]
    fn roles_cannot_smuggle_a_separator() {
        let expected = ReplyPart::new(
            [
                ("x-tenant-id", "t"),
                ("x-user-roles", "Reader%2CAdmin,Editor"),
            ],
            [],
        );
        assert_eq!(
            shared(&caller("n", &["Reader,Admin", "Editor"])),
            Some(expected)
        );
    }

    #[test]
    fn headers_without_a_value_are_removed() {
        assert_eq!(
            shared(&caller("n", &[])),
            Some(ReplyPart::new([("x-tenant-id", "t")], ["x-user-roles"]))
        );
        let names = [
            "x-user-oid",
            "x-user-name",
            "x-user-email",
            "x-tenant-id",
            "x-user-roles",
        ];
        assert_eq!(anonymous(), ReplyPart::new([], names));
    }

    #[test]
    fn headers_that_are_too_long_are_denied_whole() {
        assert!(own(&caller(&"x".repeat(8 * 1024), &[])).is_some());
        assert!(own(&caller(&"x".repeat(8 * 1024 + 1), &[])).is_none());
        let role = "r".repeat(4096);
        assert!(
            shared(&caller("n", &[&role])).is_some()
                && shared(&caller("n", &[&role, &role])).is_none()
        );
    }
}
