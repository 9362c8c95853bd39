//! The on-behalf-of grant (RFC 7523 as Entra extends it): an API passes a user's token on for one
//! to a further API.

use super::assertion::Assertion;
use super::scope::RequestedScopes;
use super::{TokenRequest, authentication_context};
use crate::access_token::{Authorization, Subject};
use crate::authority::Version;
use crate::directory::User;
use crate::refusal::Refusal;
use crate::router::Entra;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Authorization<'a>, Refusal> {
    if request.parameters.required("requested_token_use")? != "on_behalf_of" {
        return Err(Refusal::Malformed(
            "requested_token_use must be on_behalf_of",
        ));
    }
    let assertion = request.parameters.required("assertion")?;
    let requested = RequestedScopes::parse(request.parameters.required("scope")?)?;
    let assertion = Assertion::verify(&entra.keys, assertion)?;
    let user = user_of(entra, request, &assertion)?;
    let resource = request.resource(entra, requested.resource)?;
    let scopes = requested.names.consented(request.client, resource)?;
    // What the user has shown once, the token says; an API cannot show more in the user's place.
    authentication_context::check(user, resource, &assertion.acrs)?;
    Ok(request.authorization(
        resource,
        Subject::User {
            user,
            scopes,
            contexts: assertion.acrs,
        },
    ))
}

/// The user whose token this client was sent, if it was.
fn user_of<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
    assertion: &Assertion,
) -> Result<&'a User, Refusal> {
    let tenant = request.tenant.id.to_string();
    let issuers =
        [Version::V1, Version::V2].map(|version| entra.authority.issuer(version, &tenant));
    // The classic mistakes: the endpoint of the API's home tenant, or of another cloud.
    if assertion.tid != request.tenant.id || !issuers.contains(&assertion.iss) {
        return Err(Refusal::InvalidAssertion(
            "it was issued by another tenant than that of this endpoint",
        ));
    }
    if assertion.is_id_token() {
        return Err(Refusal::AssertionIsIdToken);
    }
    if !request.client.is_identified_by(&assertion.aud) {
        let audience = assertion.aud.clone();
        return Err(Refusal::AssertionForAnother {
            audience,
            client: request.client.client_id,
        });
    }
    if assertion.is_app_only() {
        return Err(Refusal::AssertionIsAppOnly(request.client.client_id));
    }
    entra
        .directory
        .user(request.tenant, assertion.oid)
        .ok_or_else(|| Refusal::UserNotInTenant(request.tenant.name.clone()))
}
