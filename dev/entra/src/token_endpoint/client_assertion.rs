//! Client assertions, JWTs in place of a secret (RFC 7523 §2.2). They are signed with a registered
//! certificate, or by an issuer that the application trusts.

mod agent;
mod certificate;
mod federated;
mod issuer_keys;
mod jwt;
mod numeric_date;
#[cfg(test)]
mod tests;

use crate::authority::{Authority, Version};
use crate::directory::Application;
use crate::entra::Entra;
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;
use jwt::Jwt;

/// The only value of `client_assertion_type` (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The parts of a request that a client assertion depends on.
pub(super) struct AssertionContext<'a> {
    pub(super) endpoint: Version,
    /// The first segment of the path: a tenant, or `organizations`.
    pub(super) segment: &'a str,
    pub(super) client: &'a Application,
}

/// Fails unless the assertion authenticates the client.
pub(super) async fn check(
    entra: &Entra,
    context: &AssertionContext<'_>,
    parameters: &Parameters,
    assertion: &str,
) -> Result<(), OAuthError> {
    if parameters.required("client_assertion_type")? != JWT_BEARER {
        return Err(OAuthError::Malformed(
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ));
    }
    let jwt = Jwt::parse(assertion).map_err(OAuthError::ClientAssertionMalformed)?;
    let now = crate::clock::now();
    if let Some(blueprint) = context.client.blueprint {
        return agent::check(entra, context.client, blueprint, &jwt, now);
    }
    // The application is the issuer of its own assertions (RFC 7523 §3).
    if jwt
        .claims
        .iss
        .eq_ignore_ascii_case(&context.client.client_id.to_string())
    {
        certificate::check(context, &token_url(&entra.authority, context), &jwt, now)
    } else {
        federated::check(entra, context, &jwt, now).await
    }
}

/// The URL of the request, which must be the audience of the client's own assertions.
fn token_url(authority: &Authority, context: &AssertionContext<'_>) -> String {
    let path = match context.endpoint {
        Version::V1 => "oauth2/token",
        Version::V2 => "oauth2/v2.0/token",
    };
    authority.endpoint(context.segment, path)
}
