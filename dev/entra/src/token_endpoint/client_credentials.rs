//! The client credentials grant (RFC 6749 §4.4): an application acts as itself.

use super::{Granted, TokenRequest};
use crate::access_token::Subject;
use crate::authority::Version;
use crate::entra::Entra;
use crate::oauth_error::OAuthError;
use crate::scope::default_of;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Granted<'a>, OAuthError> {
    let identifier = match request.endpoint {
        Version::V1 => request.parameters.required("resource")?,
        Version::V2 => default_of(request.parameters.required("scope")?)?,
    };
    // Entra also issues a token to a client without roles. It has no `roles`, and the resource
    // must check them.
    let resource = request.resource(entra, identifier)?;
    Ok(Granted::app_only(
        request.authorization(resource, Subject::Application),
    ))
}
