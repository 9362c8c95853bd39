//! A JWT in place of a secret (RFC 7523 §2.2): signed with a registered certificate, or by an
//! issuer that the application trusts.

mod certificate;
mod federated;
mod issuer_keys;
mod jwt;
mod numeric_date;
#[cfg(test)]
mod tests;

use super::parameters::Parameters;
use crate::authority::{Authority, Version};
use crate::directory::Application;
use crate::refusal::Refusal;
use crate::router::Entra;
use jwt::Jwt;

/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A request as far as a client assertion depends on it.
pub(super) struct AssertionContext<'a> {
    pub(super) endpoint: Version,
    /// The first segment of the path: a tenant, or `organizations`.
    pub(super) segment: &'a str,
    pub(super) client: &'a Application,
}

/// Whether the assertion proves that it is `client` who asks.
pub(super) async fn check(
    entra: &Entra,
    context: &AssertionContext<'_>,
    parameters: &Parameters,
    assertion: &str,
) -> Result<(), Refusal> {
    if parameters.required("client_assertion_type")? != JWT_BEARER {
        return Err(Refusal::Malformed(
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ));
    }
    let jwt = Jwt::parse(assertion).map_err(Refusal::ClientAssertionMalformed)?;
    let now = jiff::Timestamp::now().as_second();
    // The application's own assertions name it as their issuer (RFC 7523 §3); all others come from
    // elsewhere.
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

/// The URL that the client sent its request to, which its own assertions must be for.
fn token_url(authority: &Authority, context: &AssertionContext<'_>) -> String {
    let path = match context.endpoint {
        Version::V1 => "oauth2/token",
        Version::V2 => "oauth2/v2.0/token",
    };
    authority.endpoint(context.segment, path)
}
