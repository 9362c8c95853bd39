//! The resource owner password grant (RFC 6749 §4.3). Entra discourages it, but tests need a user
//! without a browser.

use super::scope::{RequestedScopes, ScopeNames};
use super::{TokenRequest, authentication_context};
use crate::access_token::{Authorization, Subject};
use crate::authority::Version;
use crate::directory::{Application, User};
use crate::oauth_error::OAuthError;
use crate::router::Entra;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Authorization<'a>, OAuthError> {
    let user = sign_in(entra, request)?;
    let (resource, names) = match request.endpoint {
        Version::V1 => (
            request.resource(entra, request.parameters.required("resource")?)?,
            ScopeNames::Default,
        ),
        Version::V2 => {
            let scopes = RequestedScopes::parse(request.parameters.required("scope")?)?;
            (request.resource(entra, scopes.resource)?, scopes.names)
        }
    };
    let scopes = names.consented(request.client, resource)?;
    let contexts = authentication_context::requested(request.parameters)?;
    authentication_context::check(user, resource, &contexts)?;
    Ok(request.authorization(
        resource,
        Subject::User {
            user,
            scopes,
            contexts,
        },
    ))
}

fn sign_in<'a>(entra: &'a Entra, request: &TokenRequest<'a>) -> Result<&'a User, OAuthError> {
    let username = request.parameters.required("username")?;
    let password = request.parameters.required("password")?;
    let user = entra
        .directory
        .user_named(username)
        .ok_or(OAuthError::InvalidCredentials)?;
    if user.tenant != request.tenant.id {
        return Err(OAuthError::UserNotInTenant(request.tenant.name.clone()));
    }
    if user.password.matches(password) {
        Ok(user)
    } else {
        Err(OAuthError::InvalidCredentials)
    }
}

impl<'a> TokenRequest<'a> {
    /// The resource that the request names, if the tenant has it.
    pub(super) fn resource(
        &self,
        entra: &'a Entra,
        identifier: &str,
    ) -> Result<&'a Application, OAuthError> {
        entra
            .directory
            .resource(self.tenant, identifier)
            .ok_or_else(|| OAuthError::UnknownResource {
                resource: identifier.to_owned(),
                tenant: self.tenant.name.clone(),
            })
    }

    pub(super) fn authorization(
        &self,
        resource: &'a Application,
        subject: Subject<'a>,
    ) -> Authorization<'a> {
        Authorization {
            tenant: self.tenant,
            client: self.client,
            resource,
            subject,
            proof: self.proof,
        }
    }
}
