//! The resource owner password grant (RFC 6749 §4.3). Entra discourages it, but tests need a user
//! without a browser.

use super::{Granted, TokenRequest};
use crate::access_token::{Authorization, Subject};
use crate::authentication_context;
use crate::directory::{Application, User};
use crate::entra::Entra;
use crate::oauth_error::OAuthError;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Granted<'a>, OAuthError> {
    let user = sign_in(entra, request)?;
    let scope = request.required_scope()?;
    let contexts = authentication_context::requested(request.parameters)?;
    request.delegated(entra, user, scope, contexts)
}

fn sign_in<'a>(entra: &'a Entra, request: &TokenRequest<'a>) -> Result<&'a User, OAuthError> {
    let username = request.parameters.required("username")?;
    let password = request.parameters.required("password")?;
    let user = entra
        .directory
        .user_named(Some(request.tenant), username)
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
            .resource(self.tenant, entra.authority.graph_or(identifier))
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
