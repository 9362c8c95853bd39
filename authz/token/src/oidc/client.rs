use serde_json::Value;

use crate::claims::Claims;
use crate::refusal::Refusal;

/// The client that obtained a token, by each claim that names it: RFC 9068's `client_id` (§2.2),
/// OpenID Connect's `azp`, Okta's `cid`, AD FS's `appid`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clients<'a>([Option<&'a str>; 4]);

impl<'a> Clients<'a> {
    /// The standard names must be text; what other providers put into `cid` and `appid` is their
    /// own.
    pub(super) fn of(claims: &'a Claims) -> Result<Self, Refusal> {
        let own = |name| claims.get(name).and_then(Value::as_str);
        let named = [
            claims.optional_text("client_id")?,
            claims.optional_text("azp")?,
            own("cid"),
            own("appid"),
        ];
        Ok(Self(
            named.map(|client| client.filter(|client| !client.is_empty())),
        ))
    }

    /// The client, by the first claim that names it.
    pub(super) fn first(&self) -> Option<&'a str> {
        self.iter().next()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    pub(super) fn contain(&self, client: &str) -> bool {
        self.iter().any(|named| named == client)
    }

    /// Keycloak writes the names of its users in lower case, those of service accounts too.
    pub(super) fn contain_in_lower_case(&self, client: &str) -> bool {
        self.iter().any(|named| named.to_lowercase() == client)
    }

    fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.0.into_iter().flatten()
    }
}
