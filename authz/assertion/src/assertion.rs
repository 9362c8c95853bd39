use std::time::Duration;

use portcullis_token::{Caller, CallerKind, Claims, Refusal};
use serde::Serialize;

/// The request header that carries an assertion.
pub const HEADER: &str = "x-portcullis-assertion";
/// The `iss` of every assertion.
pub const ISSUER: &str = "portcullis";
/// From issue to expiry: long enough for a slow connection to the upstream, too short to be worth stealing.
pub const LIFETIME: Duration = Duration::from_mins(1);

/// What the gate vouches for: this caller asks this of that upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The upstream that the request goes to.
    pub audience: String,
    /// Who calls.
    pub caller: Caller,
    /// The gateway's id of the request.
    pub request_id: String,
    /// The request's method.
    pub method: String,
    /// Path and query as the upstream sees them.
    pub path: String,
    /// When it was signed, in seconds since 1970.
    pub issued_at: u64,
}

/// What an assertion says beside the caller. `htm` and `htu` are as in RFC 9449 §4.2, the closest standard.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The upstream that the request goes to.
    pub audience: &'a str,
    /// The gateway's id of the request.
    pub request_id: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// Path and query as the upstream sees them.
    pub path: &'a str,
    /// When it is signed, in seconds since 1970.
    pub issued_at: u64,
}

#[derive(Serialize)]
struct StatementMembers<'a> {
    iss: &'static str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
}

impl Statement<'_> {
    /// The claims, with `caller` as members that were encoded before; `None` if they are none.
    pub(crate) fn payload(&self, caller: [&str; 2]) -> Option<String> {
        let members = StatementMembers {
            iss: ISSUER,
            aud: self.audience,
            iat: self.issued_at,
            exp: self.issued_at.saturating_add(LIFETIME.as_secs()),
            jti: self.request_id,
            htm: self.method,
            htu: self.path,
        };
        let mut payload = serde_json::to_string(&members).ok()?;
        payload.pop();
        for members in caller {
            payload.push(',');
            payload.push_str(members);
        }
        payload.push('}');
        Some(payload)
    }
}

impl Assertion {
    /// Reads verified claims; `None` for a kind of caller that does not exist.
    pub(crate) fn from_claims(claims: &Claims) -> Result<Option<Self>, Refusal> {
        let optional = |name| claims.optional_text(name).map(|text| text.map(str::to_owned));
        let Some(kind) = CallerKind::from_word(claims.text("kind")?) else { return Ok(None) };
        Ok(Some(Self {
            audience: claims.text("aud")?.to_owned(),
            request_id: claims.text("jti")?.to_owned(),
            method: claims.text("htm")?.to_owned(),
            path: claims.text("htu")?.to_owned(),
            issued_at: claims.time("iat")?,
            caller: Caller {
                tenant: claims.text("tid")?.to_owned(),
                object_id: claims.text("oid")?.to_owned(),
                kind,
                actor: optional("azp")?,
                name: optional("name")?,
                email: optional("email")?,
                roles: claims.list("roles")?,
                scopes: claims.list("scopes")?,
            },
        }))
    }
}
