//! The client credentials grant (RFC 6749 §4.4): a program acts as itself.

use super::TokenRequest;
use super::scope::default_of;
use crate::access_token::{Authorization, Subject};
use crate::authority::Version;
use crate::refusal::Refusal;
use crate::router::Entra;

pub(super) fn authorize<'a>(
    entra: &'a Entra,
    request: &TokenRequest<'a>,
) -> Result<Authorization<'a>, Refusal> {
    let identifier = match request.endpoint {
        Version::V1 => request.parameters.required("resource")?,
        Version::V2 => default_of(request.parameters.required("scope")?)?,
    };
    // A client without roles gets a token all the same, only without `roles`: the resource must
    // check.
    Ok(request.authorization(request.resource(entra, identifier)?, Subject::Application))
}
