use std::time::Duration;

use portcullis_token::{Caller, CallerKind, Claims, TokenDenied};
use serde::Serialize;

use crate::caller_members::{own_members, shared_members};

/// The request header that carries an assertion.
pub const HEADER: &str = "x-portcullis-assertion";
/// The `iss` of every assertion.
pub const ISSUER: &str = "portcullis";
/// The lifetime of an assertion. It is long enough for a slow connection to the upstream, and too
/// short to be worth stealing.
pub const LIFETIME: Duration = Duration::from_mins(1);

/// The claims of an assertion: which caller sends which request to which upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The upstream that the request goes to.
    pub audience: String,
    /// The caller.
    pub caller: Caller,
    /// The request that it is bound to; `None` if it is unbound, for any request of the caller.
    pub request: Option<AssertedRequest>,
    /// When it was signed, in seconds since 1970.
    pub issued_at: u64,
}

/// A request that an assertion is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertedRequest {
    /// The gateway's id of the request.
    pub id: String,
    /// The request's method.
    pub method: String,
    /// Path and query as the upstream sees them.
    pub path: String,
}

/// The claims of an assertion beside the caller. `htm` and `htu` are as in RFC 9449 §4.2, the
/// closest standard.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The upstream that the request goes to.
    pub audience: &'a str,
    /// The request to bind the assertion to; `None` for an unbound one.
    pub request: Option<BoundRequest<'a>>,
    /// The time of signing, in seconds since 1970.
    pub issued_at: u64,
}

/// A request to bind an assertion to.
#[derive(Clone, Copy, Debug)]
pub struct BoundRequest<'a> {
    /// The gateway's id of the request.
    pub id: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// Path and query as the upstream sees them.
    pub path: &'a str,
}

#[derive(Serialize)]
struct StatementMembers<'a> {
    iss: &'static str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    htm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    htu: Option<&'a str>,
}

/// Usual length of a payload without the caller's members, in bytes.
const USUAL_MEMBERS: usize = 256;

impl Statement<'_> {
    /// Encodes the claims, with the encoded members of `caller`; `None` if encoding fails.
    pub(crate) fn payload(&self, caller: [&str; 2]) -> Option<Vec<u8>> {
        let members = StatementMembers {
            iss: ISSUER,
            aud: self.audience,
            iat: self.issued_at,
            exp: self.issued_at.saturating_add(LIFETIME.as_secs()),
            jti: self.request.map(|request| request.id),
            htm: self.request.map(|request| request.method),
            htu: self.request.map(|request| request.path),
        };
        let length = USUAL_MEMBERS
            + caller
                .iter()
                .map(|members| members.len() + 1)
                .sum::<usize>();
        let mut payload = Vec::with_capacity(length);
        serde_json::to_writer(&mut payload, &members).ok()?;
        payload.pop();
        for members in caller {
            payload.push(b',');
            payload.extend_from_slice(members.as_bytes());
        }
        payload.push(b'}');
        Some(payload)
    }
}

impl Assertion {
    /// Calls `sign` with the statement and the caller's members.
    pub(crate) fn with_statement(
        &self,
        sign: impl FnOnce(&Statement<'_>, [&str; 2]) -> Option<String>,
    ) -> Option<String> {
        let Self {
            audience,
            caller,
            request,
            issued_at,
        } = self;
        let request = request
            .as_ref()
            .map(|AssertedRequest { id, method, path }| BoundRequest { id, method, path });
        let statement = Statement {
            audience,
            request,
            issued_at: *issued_at,
        };
        let own = own_members(
            &caller.object_id,
            caller.name.as_deref(),
            caller.email.as_deref(),
        )?;
        sign(&statement, [&own, &shared_members(caller)?])
    }

    /// Reads verified claims; `None` if the kind of caller is unknown.
    pub(crate) fn from_claims(claims: &Claims) -> Result<Option<Self>, TokenDenied> {
        let optional = |name| {
            claims
                .optional_text(name)
                .map(|text| text.map(str::to_owned))
        };
        // All three claims are required if one is present, because half a binding binds nothing.
        let bound = ["htm", "htu", "jti"]
            .iter()
            .any(|member| claims.has(member));
        let text = |name| claims.text(name).map(str::to_owned);
        let request = if bound {
            Some(AssertedRequest {
                id: text("jti")?,
                method: text("htm")?,
                path: text("htu")?,
            })
        } else {
            None
        };
        let Some(kind) = CallerKind::from_word(claims.text("kind")?) else {
            return Ok(None);
        };
        Ok(Some(Self {
            audience: claims.text("aud")?.to_owned(),
            request,
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
