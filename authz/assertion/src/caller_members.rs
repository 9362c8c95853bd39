//! Encodes a caller as members of an assertion's claims, once for all assertions about the caller.
//!
//! The members have two parts: those of one caller, and those that thousands of callers have in
//! common. A cache can keep the second part once. The names are Entra's.

use portcullis_token::Caller;
use serde::Serialize;

/// Usual length of a caller's own members, in bytes, so that one allocation is enough.
const USUAL_LENGTH: usize = 256;

#[derive(Serialize)]
struct Own<'a> {
    oid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

#[derive(Serialize)]
struct Shared<'a> {
    tid: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    azp: Option<&'a str>,
    roles: &'a [String],
    scopes: &'a [String],
}

/// Encodes the members of one caller; `None` if encoding fails.
#[must_use]
pub fn own_members(object_id: &str, name: Option<&str>, email: Option<&str>) -> Option<String> {
    members(&Own {
        oid: object_id,
        name,
        email,
    })
}

/// Encodes the members that many callers have in common; `None` if encoding fails.
#[must_use]
pub fn shared_members(caller: &Caller) -> Option<String> {
    let Caller {
        tenant,
        kind,
        actor,
        roles,
        scopes,
        ..
    } = caller;
    members(&Shared {
        tid: tenant,
        kind: kind.as_str(),
        azp: actor.as_deref(),
        roles,
        scopes,
    })
}

/// Encodes an object without its braces.
fn members(object: &impl Serialize) -> Option<String> {
    let mut text = Vec::with_capacity(USUAL_LENGTH);
    serde_json::to_writer(&mut text, object).ok()?;
    text.pop().filter(|last| *last == b'}')?;
    text.first().filter(|first| **first == b'{')?;
    text.remove(0);
    String::from_utf8(text).ok()
}
