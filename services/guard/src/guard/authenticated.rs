use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use portcullis_runtime::Problem;
use portcullis_token::Caller;

/// The verified caller and the token of a request. The guard puts it into the request's extensions.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The verified caller.
    pub caller: Caller,
    /// The caller's token, if it reached this service. Beside an assertion, the authz server
    /// verified it.
    pub token: Option<BearerToken>,
}

/// An access token for this service, kept to act on the caller's behalf. It is never printed.
#[derive(Clone)]
pub struct BearerToken(String);

impl BearerToken {
    /// Wraps a token.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The token itself, for a token request only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken(redacted)")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| {
            Problem::internal(&"a handler needs a caller, but no guard protects its route")
        })
    }
}
