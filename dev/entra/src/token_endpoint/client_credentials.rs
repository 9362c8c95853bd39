//! The client credentials grant (RFC 6749 §4.4): an application acts as itself.

use super::TokenRequest;
use super::scope::default_of;
use crate::access_token::{Authorization, Subject};
use crate::authority::Version;
use crate::oauth_error::OAuthError;
use crate::router::Entra;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Authorization<'a>, OAuthError> {
    let identifier = match request.endpoint {
        Version::V1 => request.parameters.required("resource")?,
        Version::V2 => default_of(request.parameters.required("scope")?)?,
    };
    // Entra also issues a token to a client without roles. It has no `roles`, and the resource
    // must check them.
    Ok(request.authorization(request.resource(entra, identifier)?, Subject::Application))
}
