//! The on-behalf-of grant, Entra's extension of RFC 7523. An API exchanges a user's token for one
//! to another API.

use super::assertion::Assertion;
use super::{Granted, TokenRequest};
use crate::authority::Version;
use crate::directory::{Application, User};
use crate::entra::Entra;
use crate::oauth_error::OAuthError;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Granted<'a>, OAuthError> {
    if request.parameters.required("requested_token_use")? != "on_behalf_of" {
        return Err(OAuthError::Malformed(
            "requested_token_use must be on_behalf_of",
        ));
    }
    let assertion = request.parameters.required("assertion")?;
    let scope = request.required_scope()?;
    let assertion = Assertion::verify(&entra.keys, assertion)?;
    let user = user_of(entra, request, &assertion)?;
    // The contexts come from the user's token, because an API cannot meet more of them.
    request.delegated(entra, user, scope, assertion.acrs)
}

/// The user of the assertion, if it is a delegated token for this client.
fn user_of<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
    assertion: &Assertion,
) -> Result<&'a User, OAuthError> {
    let tenant = request.tenant.id.to_string();
    let issuers =
        [Version::V1, Version::V2].map(|version| entra.authority.issuer(version, &tenant));
    // Two usual mistakes: the endpoint of the API's home tenant, or of another cloud.
    if assertion.tid != request.tenant.id || !issuers.contains(&assertion.iss) {
        return Err(OAuthError::InvalidAssertion(
            "it was issued by another tenant than that of this endpoint",
        ));
    }
    if assertion.is_id_token() {
        return Err(OAuthError::AssertionIsIdToken);
    }
    if !is_for(entra, request.client, &assertion.aud) {
        let audience = assertion.aud.clone();
        return Err(OAuthError::AssertionForAnother {
            audience,
            client: request.client.client_id,
        });
    }
    if assertion.is_app_only() {
        return Err(OAuthError::AssertionIsAppOnly(request.client.client_id));
    }
    entra
        .directory
        .user(request.tenant, assertion.oid)
        .ok_or_else(|| OAuthError::UserNotInTenant(request.tenant.name.clone()))
}

/// Whether `client` may exchange a token for `audience`. Users sign in to the blueprint of an agent
/// identity, so that the agent gets its tokens.
fn is_for(entra: &Entra, client: &Application, audience: &str) -> bool {
    let blueprint = client
        .blueprint
        .and_then(|id| entra.directory.application(&id.to_string()));
    [Some(client), blueprint]
        .into_iter()
        .flatten()
        .any(|application| application.is_identified_by(audience))
}
