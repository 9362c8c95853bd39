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

/// `htm` and `htu` as in RFC 9449 §4.2, the closest standard; the rest has Entra's names.
#[derive(Serialize)]
pub(crate) struct Payload<'a> {
    iss: &'static str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    tid: &'a str,
    oid: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    azp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    roles: &'a [String],
    scopes: &'a [String],
}

impl<'a> Payload<'a> {
    pub(crate) fn new(assertion: &'a Assertion) -> Self {
        let caller = &assertion.caller;
        Self {
            iss: ISSUER,
            aud: &assertion.audience,
            iat: assertion.issued_at,
            exp: assertion.issued_at.saturating_add(LIFETIME.as_secs()),
            jti: &assertion.request_id,
            htm: &assertion.method,
            htu: &assertion.path,
            tid: &caller.tenant,
            oid: &caller.object_id,
            kind: caller.kind.as_str(),
            azp: caller.actor.as_deref(),
            name: caller.name.as_deref(),
            email: caller.email.as_deref(),
            roles: &caller.roles,
            scopes: &caller.scopes,
        }
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
