use serde_json::Value;

use crate::claims::Claims;
use crate::token_denied::TokenDenied;

/// The client that obtained a token, by each claim that names it: RFC 9068's `client_id` (§2.2),
/// OpenID Connect's `azp`, Okta's `cid`, AD FS's `appid`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clients<'a>([Option<&'a str>; 4]);

impl<'a> Clients<'a> {
    /// Reads the claims. The standard ones must be strings. Other providers may use `cid` and
    /// `appid` for something else, so other types are ignored there.
    pub(super) fn of(claims: &'a Claims) -> Result<Self, TokenDenied> {
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

    /// The client that the first claim names.
    pub(super) fn first(&self) -> Option<&'a str> {
        self.iter().next()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    pub(super) fn contain(&self, client: &str) -> bool {
        self.iter().any(|named| named == client)
    }

    /// Compares in lower case, because Keycloak writes the names of users and service accounts so.
    pub(super) fn contain_in_lower_case(&self, client: &str) -> bool {
        self.iter().any(|named| named.to_lowercase() == client)
    }

    fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.0.into_iter().flatten()
    }
}
