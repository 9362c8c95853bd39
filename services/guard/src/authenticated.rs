use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use portcullis_runtime::Problem;
use portcullis_token::Caller;

/// Who calls, and the token they sent: what the guard leaves in a request's extensions.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The verified caller.
    pub caller: Caller,
    /// The caller's token, where one reached this service. Behind the gate it is the gate that
    /// verified it.
    pub token: Option<BearerToken>,
}

/// An access token for this service, kept for acting on the caller's behalf. Never printed.
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
            Problem::internal(&"a handler asks for a caller, and no guard protects its route")
        })
    }
}
